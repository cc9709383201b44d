#pragma once
// Scripts with which shells complete the command's words.

#include <string>
#include <vector>

#include "manual/command_table.hpp"

namespace command {

std::string bash_completion(const std::vector<CommandEntry>& table);
std::string zsh_completion(const std::vector<CommandEntry>& table);
std::string fish_completion(const std::vector<CommandEntry>& table);

}  // namespace command
