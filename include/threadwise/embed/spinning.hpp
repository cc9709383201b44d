#pragma once
// Spinning, for embedders: for waits that the library does not know of, and with an opt-out on busy machines.

#include "threadwise/export.hpp"

namespace threadwise::embed {

/// From now on the calling thread does not spin in any wait while more threads want to run than there are cores: what
/// it waits for would come later for it. The system is asked every 10 ms at most, in doubt every millisecond.
THREADWISE_API void spin_only_on_idle_cores();

/// Polls `ready(context)` for as long as that has lately paid at this address, some 30 microseconds at most; true once
/// it is.
THREADWISE_API bool spin(const void* address, bool (*ready)(const void* context), const void* context);

}  // namespace threadwise::embed
