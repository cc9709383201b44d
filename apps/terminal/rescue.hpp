#pragma once
// Puts the terminal back when a signal ends the program.

#include <string_view>

namespace command {

/// From now on, a signal that would end the program (SIGINT, SIGTERM, SIGHUP, SIGQUIT, those of faults) first gives the
/// terminal behind standard output the modes that it has now, and writes `ending` to it. Signals that are ignored stay
/// so. `ending` is cut off after 256 bytes.
void begin_rescue(std::string_view ending);

/// Signals do what they did before.
void end_rescue();

}  // namespace command
