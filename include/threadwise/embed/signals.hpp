#pragma once
// Signals of an interpreter, which need not be the system's.

#include "threadwise/export.hpp"

namespace threadwise::embed {

/// As if a signal had come to the main thread: its sleep ends if its blocking hooks say that signals do that, and so
/// does the next one if it does not sleep now. Async-signal-safe.
THREADWISE_API void signal_main() noexcept;

}  // namespace threadwise::embed
