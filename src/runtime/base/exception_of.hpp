#pragma once

/// \file
/// Exceptions that are made to be kept, where nothing may be thrown.

#include <exception>

namespace threadwise::runtime {

/// An exception of that type. Of std::bad_alloc if there is no memory for it.
template <class Exception>
std::exception_ptr exception_of(const char* message) noexcept {
    try {
        throw Exception(message);
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace threadwise::runtime
