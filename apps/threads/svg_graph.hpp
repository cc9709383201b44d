#pragma once
// Which thread waits for which, as a drawing.

#include <string>

#include "threadwise/inspect.hpp"

namespace command {

/// An SVG that needs nothing else, for light and dark pages: a box for each thread that waits for another or is waited
/// for, those that wait below and to the right of the one that they wait for, an arrow for each such wait; circles in
/// red.
std::string svg_of(const threadwise::inspect::Snapshot& snapshot);

}  // namespace command
