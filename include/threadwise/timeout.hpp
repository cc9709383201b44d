#pragma once
// How long to wait.

#include <chrono>
#include <type_traits>

#include "threadwise/export.hpp"

namespace threadwise {

namespace detail {

/// Throws ValueError: the timeout, or the moment that it ends, is not a number.
[[noreturn]] THREADWISE_API void refuse_nan();

}  // namespace detail

/// The longest time that a wait may take: any `std::chrono` duration, or forever. Measured on the monotonic clock from
/// the moment of the call; never drifts. Zero or less, minus infinity too: try, do not wait. What a nanosecond count
/// cannot hold (292 years), and infinity, is forever. A duration that is not a number (NaN) is refused: ValueError.
class Timeout {
public:
    /// Forever: Python's `timeout=None`.
    constexpr Timeout() noexcept = default;

    template <class Rep, class Period>
    constexpr Timeout(std::chrono::duration<Rep, Period> duration)  // NOLINT(google-explicit-constructor)
        : duration_(to_nanoseconds(duration)) {}

    /// From now until `Clock` shows `moment`; zero if it does already.
    template <class Clock, class Duration>
    static Timeout until(const std::chrono::time_point<Clock, Duration>& moment) {
        // By numbers that are wide enough: the difference of two moments may not fit into their own.
        const Timeout left(Exact(moment.time_since_epoch()) - Exact(Clock::now().time_since_epoch()));
        return left.is_negative() ? Timeout(std::chrono::nanoseconds(0)) : left;
    }

    constexpr bool is_forever() const noexcept { return duration_ == std::chrono::nanoseconds::max(); }
    constexpr bool is_negative() const noexcept { return duration_.count() < 0; }
    constexpr std::chrono::nanoseconds duration() const noexcept { return duration_; }

private:
    /// Holds every count of nanoseconds and of any wider unit, and compares with both.
    using Exact = std::chrono::duration<long double, std::nano>;

    template <class Rep, class Period>
    static constexpr std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<Rep, Period> duration) {
        using std::chrono::nanoseconds;
        if constexpr (std::is_same_v<std::chrono::duration<Rep, Period>, nanoseconds>) {
            return duration;
        } else {
            const Exact exact(duration);
            if (exact != exact) detail::refuse_nan();
            if (exact >= Exact(nanoseconds::max())) return nanoseconds::max();
            if (exact <= Exact(nanoseconds::min())) return nanoseconds::min();
            // Rounded up: a wait may be a nanosecond too long, never too short.
            return std::chrono::ceil<nanoseconds>(exact);
        }
    }

    std::chrono::nanoseconds duration_ = std::chrono::nanoseconds::max();
};

/// Wait for as long as it takes.
inline constexpr Timeout forever{};

}  // namespace threadwise
