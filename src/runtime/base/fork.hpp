#pragma once
// fork(): the child has the forking thread alone, working internal locks, and nobody else in its registry.

#include <cstdint>

#include "platform/internal_lock.hpp"

namespace threadwise::runtime {

/// The order in which a fork takes the locks. One that is taken while another is held stands below that.
enum class ForkOrder { before_registry, registry, after_registry };

/// From now on that lock, which is never destroyed, is held by the forking thread during a fork: what it guards is
/// whole in the child. To be called while the library is loaded, when nobody can fork yet: a lock that is made on first
/// use may be half made in the child.
void hold_over_fork(platform::InternalLock& lock, ForkOrder order = ForkOrder::after_registry);

/// How many forks lie between the first process and this one. What a thread has left in memory under another number may
/// be that of one which does not exist any more.
std::uint32_t fork_depth() noexcept;

/// From now on called in a forked child, where the rooms below are in order and the locks are still held. Also to be
/// called while the library is loaded.
void at_fork_in_child(void (*function)() noexcept);

}  // namespace threadwise::runtime
