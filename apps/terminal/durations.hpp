#pragma once
// Times as people read them.

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace command {

/// "0.3 s", "59.9 s", "12 m 05 s", "3 h 07 m", "12 d 03 h": at most nine characters, up to a thousand days.
inline std::string human_seconds(double seconds) {
    constexpr std::uint64_t minute = 60;
    constexpr std::uint64_t hour = 60 * minute;
    constexpr std::uint64_t day = 24 * hour;
    // 59.95 would be printed as 60.0.
    if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < hour) return fmt::format("{} m {:02} s", whole / minute, whole % minute);
    if (whole < day) return fmt::format("{} h {:02} m", whole / hour, whole % hour / minute);
    return fmt::format("{} d {:02} h", whole / day, whole % day / hour);
}

}  // namespace command
