#pragma once
// fork(): the child has the forking thread alone, working internal locks, and nobody else in its registry.

#include <cstdint>

#include "platform/internal_lock.hpp"

namespace threadwise::runtime {

/// The order in which a fork takes the locks, and in which its child mends what is left. A lock that is taken while
/// another is held stands below that.
enum class ForkOrder { before_registry, registry, after_registry };

/// From now on that lock, which is never destroyed, is held by the forking thread during a fork: what it guards is
/// whole in the child. To be called while the library is loaded, when nobody can fork yet: a lock that is made on first
/// use may be half made in the child.
void hold_over_fork(platform::InternalLock& lock, ForkOrder order = ForkOrder::after_registry);

/// How many forks lie between the first process and this one. What a thread has left in memory under another number may
/// be that of one which does not exist any more.
std::uint32_t fork_depth() noexcept;

/// From now on called by the thread that forks, before the locks are taken. To be called while the library is loaded,
/// as the next.
void before_fork(void (*function)());

/// From now on called in a forked child, while the locks are still held; what stands before it has been mended then.
void at_fork_in_child(void (*function)() noexcept, ForkOrder order);

}  // namespace threadwise::runtime
