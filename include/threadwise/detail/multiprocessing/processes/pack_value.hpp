#pragma once

/// \file
/// Values as bytes that are sent to another process.

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#if __has_include(<cereal/cereal.hpp>)

#include "threadwise/detail/multiprocessing/processes/archive.hpp"

namespace threadwise::multiprocessing::detail {

template <class T>
std::string pack_value(const T& value) {
    OutArchive out;
    pack(out, value);
    return std::move(out.bytes());
}

template <class T>
T unpack_value(std::span<const std::byte> bytes) {
    InArchive in(bytes);
    return unpack<T>(in);
}

}  // namespace threadwise::multiprocessing::detail

#else

namespace threadwise::multiprocessing::detail {

template <class T>
std::string pack_value(const T& /*value*/) {
    static_assert(sizeof(T) == 0,
                  "threadwise: sending values to other processes needs the headers of cereal, which are not installed "
                  "(Debian: libcereal-dev)");
    return {};
}

template <class T>
T unpack_value(std::span<const std::byte> bytes);

}  // namespace threadwise::multiprocessing::detail

#endif
