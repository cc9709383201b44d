#pragma once
// Looking into another process, as a subcommand does.

#include "base/failure.hpp"
#include "threadwise/process_view.hpp"

namespace command {

/// What the command ends with when a process cannot be looked at, and what it says.
Failure failure_of(const threadwise::inspect::ProcessError& error);

}  // namespace command
