#pragma once
// Limits how many bytes arrive in a second.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "threadwise/lock.hpp"

namespace command {

/// What arrives too early is made up for by rests: on average the rate is kept, and time in which nothing arrived is
/// not credited. Any thread may call its functions.
class Pace {
public:
    using Clock = std::chrono::steady_clock;

    /// 0: no limit.
    explicit Pace(std::uint64_t bytes_per_second) noexcept : rate_(static_cast<double>(bytes_per_second)) {}

    bool is_limited() const noexcept { return rate_ > 0; }

    void note(std::uint64_t bytes, Clock::time_point now) {
        if (!is_limited()) return;
        const std::chrono::duration<double> worth(static_cast<double>(bytes) / rate_);
        const std::scoped_lock guard(lock_);
        free_at_ = std::max(free_at_, now) + std::chrono::ceil<Clock::duration>(worth);
    }

    /// For how long nothing should be received.
    Clock::duration rest(Clock::time_point now) {
        if (!is_limited()) return {};
        const std::scoped_lock guard(lock_);
        return std::max(free_at_ - now, Clock::duration(0));
    }

private:
    const double rate_;
    threadwise::Lock lock_;  ///< guards `free_at_`
    Clock::time_point free_at_;
};

}  // namespace command
