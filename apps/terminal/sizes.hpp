#pragma once
// Numbers of bytes as people read them.

#include <fmt/format.h>

#include <array>
#include <string>

namespace command {

/// "512 B", "1.5 kB", "20.3 MB": decimal prefixes (IEC 80000-13), three or four digits.
inline std::string human_size(double bytes) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    constexpr double step = 1000;
    std::size_t unit = 0;
    // 999.95 would be printed as 1000.0.
    while (bytes >= 999.95 && unit + 1 < units.size()) {
        bytes /= step;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units.at(unit));
}

}  // namespace command
