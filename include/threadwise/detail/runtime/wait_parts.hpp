#pragma once
// One wait that is made of several, as that of Python's main thread, which looks for signals now and then.

#include <chrono>
#include <cstdint>

namespace threadwise::detail {

/// When a thread that sleeps looks for deadlocks; see src/runtime/deadlock/watch.hpp.
struct LookTimes {
    std::chrono::steady_clock::time_point due = std::chrono::steady_clock::time_point::max();
    std::chrono::steady_clock::time_point uncovered{};
    std::chrono::nanoseconds pause{};
    int retries = 0;
};

/// The whole wait. What is written down of its parts has its beginning and its deadline.
struct WaitParts {
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    std::uint32_t joined = 0;  ///< not 0: it is for the end of the thread of that ident
    LookTimes looks;
};

}  // namespace threadwise::detail
