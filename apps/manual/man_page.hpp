#pragma once
// Manual pages, as man(1) shows them.

#include <string>
#include <vector>

#include "manual/command_table.hpp"

namespace command {

/// The page of a subcommand, or, for the first entry, of the command itself, in the language of groff's man macros.
std::string man_page(const std::vector<CommandEntry>& table, const CommandEntry& entry);

}  // namespace command
