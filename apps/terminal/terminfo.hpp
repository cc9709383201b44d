#pragma once
// What the system's database of terminals says of the one that TERM names.

#include <optional>
#include <string>

namespace command {

/// What must be written to the terminal behind `descriptor` so that it shows what it showed before a program took it
/// over, with its cursor and in plain text. Nothing if the database does not know that terminal.
std::optional<std::string> bytes_to_leave_terminal(int descriptor);

}  // namespace command
