#pragma once
// The processes whose threads can be looked at.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "threads/summary.hpp"

namespace command {

struct ListedProcess {
    int pid;
    std::string command;             ///< or why the process cannot be looked at
    std::optional<Summary> summary;  ///< none: it cannot
};

/// All but this one, by number.
std::vector<ListedProcess> list_processes();

/// An array with an object for each.
nlohmann::json json_of(const std::vector<ListedProcess>& processes);

}  // namespace command
