#pragma once
// Threads of another runtime: what dumps, reports and other processes see of them.

#include <cstdint>
#include <string>

#include "threadwise/export.hpp"

namespace threadwise::embed {

/// The name of a thread that threadwise did not start, instead of `Dummy-N`, and whether it is a daemon for the runtime
/// that started it; threads that it starts inherit that. The system is not told. `ident` is the thread's get_ident().
/// Nothing happens if there is no such thread any more, or if threadwise started it. Thread-safe.
THREADWISE_API void describe_foreign_thread(std::uint32_t ident, std::string name, bool daemon);

}  // namespace threadwise::embed
