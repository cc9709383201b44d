#pragma once
// Measures for how long a transfer has received nothing.

#include <algorithm>
#include <chrono>

namespace command {

/// Counts only the time spent waiting in which nothing arrived, not the time that a slow disk takes or that the process
/// is stopped.
class Silence {
public:
    using Duration = std::chrono::steady_clock::duration;
    using milliseconds = std::chrono::milliseconds;

    /// is_too_long() from `limit` on.
    explicit Silence(milliseconds limit) noexcept : limit_(limit) {}

    bool is_too_long() const noexcept { return length_ >= limit_; }

    /// How long the next wait should be.
    milliseconds nap() const noexcept {
        return std::min(longest_nap, std::chrono::ceil<milliseconds>(limit_ - length_));
    }

    /// Called when a wait for nap() has ended after `time`; `arrived`: whether because bytes arrived.
    void napped(Duration time, bool arrived) noexcept {
        length_ = arrived ? Duration(0) : length_ + std::min<Duration>(nap(), time);
    }

private:
    static constexpr milliseconds longest_nap{1000};
    milliseconds limit_;
    Duration length_{0};
};

}  // namespace command
