#pragma once

/// \file
/// A call that another process makes: the function and its arguments as bytes.
///
/// Nothing is registered. The other process runs the same program, so that a function is known by where it lies in its
/// file, and so is the instantiation of run_packed() (pack_call.hpp) that knows its type and those of the arguments.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "threadwise/detail/multiprocessing/processes/descriptors.hpp"

namespace threadwise::multiprocessing::detail {

/// Reads a call and makes it. The result is appended.
using RunPacked = void (*)(std::span<const std::byte> call, std::string& result);

/// A call on its way.
struct PackedCall {
    CodeAddress run{};
    std::string bytes;
    Descriptors descriptors;
};

/// Whether descriptors can be passed with the bytes: only as a process is started.
enum class Passing : std::uint8_t { bytes, bytes_and_descriptors };

/// Whether the result is passed back.
enum class Results : bool { dropped, kept };

/// Defined in pack_call.hpp.
template <Results results, class Function, class... Arguments>
PackedCall pack_call(Passing passing, const Function& function, const Arguments&... arguments);

}  // namespace threadwise::multiprocessing::detail
