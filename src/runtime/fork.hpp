#pragma once
// fork(): the child has the forking thread alone, working internal locks, and nobody else in its registry.

#include "platform/internal_lock.hpp"

namespace threadwise::runtime {

/// From now on that lock, which is never destroyed, is held by the forking thread during a fork: what it guards is
/// whole in the child. Locks that are taken while others are held are to be named after those.
void hold_over_fork(platform::InternalLock& lock);

}  // namespace threadwise::runtime
