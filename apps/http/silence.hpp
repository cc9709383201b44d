#pragma once
// How long nothing has arrived.

#include <algorithm>
#include <chrono>

namespace command {

/// Only naps in which nothing came count: not the time that a slow disk takes, nor that of a stopped program.
class Silence {
public:
    using Duration = std::chrono::steady_clock::duration;
    using milliseconds = std::chrono::milliseconds;

    /// Too long from `limit` on.
    explicit Silence(milliseconds limit) noexcept : limit_(limit) {}

    bool is_too_long() const noexcept { return length_ >= limit_; }

    /// For how long to wait for something next.
    milliseconds nap() const noexcept {
        return std::min(longest_nap, std::chrono::ceil<milliseconds>(limit_ - length_));
    }

    /// A wait for nap() has ended, after that time, because something arrived or not.
    void napped(Duration time, bool arrived) noexcept {
        length_ = arrived ? Duration(0) : length_ + std::min<Duration>(nap(), time);
    }

private:
    static constexpr milliseconds longest_nap{1000};
    milliseconds limit_;
    Duration length_{0};
};

}  // namespace command
