#pragma once
// Exceptions on their way from one process to another.

#include <cstddef>
#include <exception>
#include <span>
#include <string>

namespace threadwise::multiprocessing {

/// As bytes.
std::string pack_error(const std::exception_ptr& error);

/// What pack_error() has made of one: of the same type if it is the standard's or threadwise's own, a RemoteError that
/// names it otherwise.
std::exception_ptr unpack_error(std::span<const std::byte> bytes);

}  // namespace threadwise::multiprocessing
