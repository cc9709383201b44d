#pragma once
// One timeout for several waits.

#include <algorithm>
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
        return std::max(std::chrono::nanoseconds(0), timeout_.duration() - (Clock::now() - begin_));
    }

private:
    using Clock = std::chrono::steady_clock;

    Timeout timeout_;
    Clock::time_point begin_;
};

}  // namespace threadwise::detail
