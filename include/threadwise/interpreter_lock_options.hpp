#pragma once
// What an InterpreterLock can be told when it is made, and what it counts.

#include <chrono>
#include <cstdint>

namespace threadwise {

/// What may be chosen when an InterpreterLock is made.
struct InterpreterLockOptions {
    /// The turn of a thread that computes while others that compute wait (Python: sys.setswitchinterval). Above zero.
    std::chrono::nanoseconds switch_interval = std::chrono::milliseconds(5);

    /// What the threads that compute keep together, however much those want that come back from waits: 0 to below 1.
    /// What the others do not use they get, too.
    double computing_share = 0.8;

    /// Whether InterpreterStatistics::held is measured. If so, each acquire and release reads the clock.
    bool measure_held = false;
};

/// What an InterpreterLock has counted since it was made.
struct InterpreterStatistics {
    std::chrono::nanoseconds held{};    ///< for how long it was held; zero unless InterpreterLockOptions::measure_held
    std::chrono::nanoseconds waited{};  ///< for how long threads waited for it, added up
    std::uint64_t switches = 0;         ///< how often it was taken by another thread than the one before
    std::uint64_t forced_switches = 0;  ///< how often it was given up at a checkpoint because another thread asked
};

}  // namespace threadwise
