#pragma once
// How a line of a table looks on a terminal.

#include <cstdint>

namespace command {

enum class Style : std::uint8_t {
    plain,
    heading,
    selected,
    alarm,   ///< red
    active,  ///< green
    faint,
};

}  // namespace command
