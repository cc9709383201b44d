#pragma once
// Where a thread waits, in the language of an interpreter that runs in the process.

#include <array>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::embed {

/// A place in a program's source. Texts are UTF-8 and end with a zero.
struct WaitPlace {
    std::array<char, 128> file{};     ///< the end of it, if it is longer
    std::array<char, 64> function{};  ///< the beginning of it, if it is longer
    std::uint32_t line = 0;           ///< 0: no place
};

/// Called by a thread that is about to sleep: fills in where its program waits, and returns true; or false, and the
/// place is that of the call in C++. May not wait, nor allocate, nor take a lock that others hold for long.
using WaitPlaceFinder = bool (*)(WaitPlace& place) noexcept;

/// From now on other processes (`threadwise dump PID`) see the places that it finds. One for the process; null: none.
/// Waits that do not sleep cost the same as without one.
THREADWISE_API void set_wait_place_finder(WaitPlaceFinder finder) noexcept;

}  // namespace threadwise::embed
