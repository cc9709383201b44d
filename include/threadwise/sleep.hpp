#pragma once

/// \file
/// Sleeping: as `std::this_thread::sleep_for`, but it ends when a stop is requested or the thread is interrupted, and a
/// dump shows which threads sleep and until when.

#include <chrono>
#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// Sleeps for at least `duration`; for zero or less not at all. Throws InterruptedError if interrupt() ends the sleep.
/// Python: `time.sleep`, which refuses a negative time.
THREADWISE_API void sleep_for(Timeout duration, SourceLocation where = SourceLocation::current());

/// The same, but also ends when stop is requested. True: it slept the whole time; false: it was asked to stop.
THREADWISE_API bool sleep_for(std::stop_token stop, Timeout duration, SourceLocation where = SourceLocation::current());

/// Sleeps until `Clock` shows `time`, and returns at once if it does already. A clock that is set forward meanwhile is
/// noticed only afterwards. Otherwise as sleep_for.
template <class Clock, class Duration>
bool sleep_until(std::stop_token stop, const std::chrono::time_point<Clock, Duration>& time,
                 SourceLocation where = SourceLocation::current()) {
    for (;;) {
        const Timeout left = Timeout::until(time);
        if (left.duration().count() == 0) return !stop.stop_requested();
        if (!sleep_for(stop, left, where)) return false;
    }
}

/// The same, which only an interrupt() ends early.
template <class Clock, class Duration>
void sleep_until(const std::chrono::time_point<Clock, Duration>& time,
                 SourceLocation where = SourceLocation::current()) {
    sleep_until(std::stop_token(), time, where);
}

}  // namespace threadwise
