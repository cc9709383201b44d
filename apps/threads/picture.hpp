#pragma once
// The threads of a process and who waits for whom: as text, as JSON, and as a graph for Graphviz.

#include <nlohmann/json.hpp>
#include <string>

#include "threadwise/inspect.hpp"

namespace command {

/// Cycles first, then a line for each thread as `threadwise::dump()` writes it.
std::string text_of(const threadwise::inspect::Snapshot& snapshot);

nlohmann::json json_of(const threadwise::inspect::Snapshot& snapshot);

/// In Graphviz's language: a node for each thread that waits for another or is waited for, an edge for each such wait;
/// cycles in red.
std::string graph_of(const threadwise::inspect::Snapshot& snapshot);

}  // namespace command
