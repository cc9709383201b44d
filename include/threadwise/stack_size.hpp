#pragma once

/// \file
/// How much stack threads get. Python: docs.python.org/3/library/threading.html, "threading.stack_size".

#include <cstddef>

#include "threadwise/export.hpp"

namespace threadwise {

/// The stack size in bytes of threads that are started from now on; 0: the system's default (on Linux
/// `ulimit -s`, mostly 8 MiB, of which only what is used costs memory).
THREADWISE_API std::size_t stack_size() noexcept;

/// Sets it, and returns what it was. Throws ValueError if `size` is neither 0 nor at least 32 KiB, RuntimeError if the
/// system does not accept it. The portable backend cannot set it and ignores it.
THREADWISE_API std::size_t stack_size(std::size_t size);

}  // namespace threadwise
