#pragma once
// Looking into another process, as a subcommand does.

#include <string>

#include "base/failure.hpp"
#include "threadwise/process_view.hpp"

namespace command {

/// What the command ends with when a process cannot be looked at, and what it says.
Failure failure_of(const threadwise::inspect::ProcessError& error);

/// A check of an argument that is a process's number: CLI11 takes an empty one for 0. What is wrong with it; empty:
/// nothing.
std::string refuse_empty(const std::string& argument);

}  // namespace command
