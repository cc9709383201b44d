#pragma once
// The holders of what lies in memory that processes share.

#include <cstdint>

#include "threadwise/inspect.hpp"

namespace threadwise::inspect {

/// Completes the waits for what lies in shared memory, whose holder is known by its native id alone: it is a thread of
/// the snapshot, or of another process than `process`, whose snapshot it is.
void find_shared_holders(Snapshot& snapshot, std::uint64_t process);

}  // namespace threadwise::inspect
