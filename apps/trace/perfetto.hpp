#pragma once
// A recording as a trace of Perfetto's (https://perfetto.dev).

#include <string>

#include "threadwise/recording.hpp"

namespace command {

/// A track for each thread, a slice for each wait, and an arrow from the thread that ended a wait to the one that went
/// on. What a `.pftrace` file holds: protobuf, the message Trace.
std::string perfetto_of(const threadwise::trace::Recording& recording);

}  // namespace command
