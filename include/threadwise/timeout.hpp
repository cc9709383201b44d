#pragma once
// How long to wait.

#include <chrono>
#include <type_traits>

namespace threadwise {

/// The longest time that a wait may take: any `std::chrono` duration, or forever. Measured on the monotonic clock from
/// the moment of the call; never drifts. Zero or less: try, do not wait. What a nanosecond count cannot hold (292
/// years) is forever.
class Timeout {
public:
    /// Forever: Python's `timeout=None`.
    constexpr Timeout() noexcept = default;

    template <class Rep, class Period>
    constexpr Timeout(std::chrono::duration<Rep, Period> duration)  // NOLINT(google-explicit-constructor)
        : duration_(to_nanoseconds(duration)) {}

    constexpr bool is_forever() const noexcept { return duration_ == std::chrono::nanoseconds::max(); }
    constexpr bool is_negative() const noexcept { return duration_.count() < 0; }
    constexpr std::chrono::nanoseconds duration() const noexcept { return duration_; }

private:
    template <class Rep, class Period>
    static constexpr std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<Rep, Period> duration) {
        using Seconds = std::chrono::duration<long double>;
        if (Seconds(duration) >= Seconds(std::chrono::nanoseconds::max())) return std::chrono::nanoseconds::max();
        if (Seconds(duration) <= Seconds(std::chrono::nanoseconds::min())) return std::chrono::nanoseconds::min();
        // Rounded up: a wait may be a nanosecond too long, never too short.
        return std::chrono::ceil<std::chrono::nanoseconds>(duration);
    }

    std::chrono::nanoseconds duration_ = std::chrono::nanoseconds::max();
};

/// Wait for as long as it takes.
inline constexpr Timeout forever{};

}  // namespace threadwise
