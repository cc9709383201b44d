#pragma once
// One timeout for several waits.

#include <chrono>

#include "threadwise/timeout.hpp"

namespace threadwise::detail {

/// A timeout that began when this was made.
class Deadline {
public:
    explicit Deadline(Timeout timeout) noexcept
        : timeout_(timeout), begin_(timeout.is_forever() ? Clock::time_point() : Clock::now()) {}

    /// What is left of it; zero if nothing is.
    Timeout left() const noexcept {
        if (timeout_.is_forever()) return forever;
        const std::chrono::nanoseconds passed = Clock::now() - begin_;
        // Compared before it is subtracted: a timeout far below zero would overflow.
        return timeout_.duration() > passed ? timeout_.duration() - passed : std::chrono::nanoseconds(0);
    }

private:
    using Clock = std::chrono::steady_clock;

    Timeout timeout_;
    Clock::time_point begin_;
};

}  // namespace threadwise::detail
