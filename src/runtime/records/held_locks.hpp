#pragma once
// Which locks a thread holds, where locks are followed (followed_locks.hpp).

#include <cstdint>

#include "runtime/base/system_memory.hpp"
#include "runtime/records/wait_site.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::runtime {

/// Which lock it is; 0: not known. Never that of two locks, also if one is made where another one was. See
/// src/runtime/lock_order/lock_graph.hpp.
using LockId = std::uint32_t;

/// One lock, as a thread is about to take it or holds it.
struct FollowedLock {
    const void* word = nullptr;  ///< the address of its owner's word; a SharedLock has one for its writers
    LockId id = 0;
    WaitKind kind = WaitKind::none;  ///< also says whether to read or to write
    const void* object = nullptr;    ///< the lock itself
    SourceLocation where;            ///< the call that takes it

    bool reads() const noexcept { return kind == WaitKind::shared_lock_read; }
};

/// What one thread holds, and what it knows of orders.
struct HeldLocks {
    SystemVector<FollowedLock> locks;   ///< in the order in which they were taken
    SystemVector<std::uint64_t> known;  ///< see src/runtime/lock_order/order_check.cpp
    bool is_checking = false;           ///< what is taken meanwhile is not checked
};

}  // namespace threadwise::runtime
