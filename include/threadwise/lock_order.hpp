#pragma once

/// \file
/// Locks that are taken in both orders, reported before they ever deadlock. Python has nothing of the kind.
///
///     THREADWISE_CHECK=order ./program
///
/// One thread takes lock A and then B, another one B and then A. Most of the time nothing happens; one day both have
/// their first lock and wait for the other's. Where lock orders are checked, this is reported as soon as both orders
/// have been seen, in any run, whether or not the threads were ever close to a deadlock:
///
///     threadwise: lock order: 2 locks are taken in both orders, and may deadlock
///       "ada" (ident 2) held Lock 0x7ffd1c20, taken at bank.cpp:16 (transfer),
///         and took Lock 0x7ffd1c30 at bank.cpp:17 (transfer)
///       "bob" (ident 3) held Lock 0x7ffd1c30, taken at bank.cpp:16 (transfer),
///         and took Lock 0x7ffd1c20 at bank.cpp:17 (transfer)
///
/// What is followed: Lock, RLock, SharedLock, and a Condition's lock. Three and more locks are found, too, each taken
/// while the one before is held, and the first while the last is. Each set of locks is reported once.
///
/// What is no such order, and not reported: to take a lock by try_lock(), with a timeout, or again; a Condition's wait
/// that takes its lock back; readers of one SharedLock, which do not wait for each other; orders that another lock
/// keeps apart, held by both threads around the two; a Lock that was once released by another thread than the one that
/// took it, as it is a signal.
///
/// Cost: nothing while it is off, which it is at first. While it is on, some tens of nanoseconds for each lock, and
/// 2 MB; the locks and orders of the last some 16,000 locks are remembered.
///
/// docs/seeing-threads.md tells how to read and to mend it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise {

/// A thread that held one lock while it took the next.
struct LockOrder {
    std::string thread;  ///< its name then
    std::uint32_t ident = 0;
    std::string held;                ///< what kind: "Lock", "RLock", "SharedLock (to read)", "SharedLock (to write)"
    std::uintptr_t held_object = 0;  ///< its address then
    SourceLocation held_where;       ///< where it was taken; line 0: by try_lock(), which is told no place
    std::string taken;
    std::uintptr_t taken_object = 0;
    SourceLocation taken_where;
};

/// Each order takes what the next one holds, and the last one, which was seen last, what the first holds.
struct LockOrderConflict {
    std::vector<LockOrder> orders;
};

/// The report that default_lock_order_hook() writes, several lines.
THREADWISE_API std::string to_string(const LockOrderConflict& conflict);

/// Called in the thread that is about to take the last lock, which holds the other, so that a debugger or a stack
/// trace shows it. Locks that it takes are not checked.
using LockOrderHook = std::function<void(const LockOrderConflict&)>;

/// Replaces the hook; an empty one restores the default. Returns the one before, empty if that was the default. What
/// the hook throws is reported on standard error.
THREADWISE_API LockOrderHook set_lock_order_hook(LockOrderHook hook);

/// The hook that is set at first: writes to_string() to standard error.
THREADWISE_API void default_lock_order_hook(const LockOrderConflict& conflict);

/// From now on, and for good, the orders are checked in which locks are taken: by the calling thread, and by threads
/// that start later. So call it at the beginning of main(). The environment's THREADWISE_CHECK=order does it as the
/// program starts. Throws std::bad_alloc.
THREADWISE_API void check_lock_order();

/// From now on no order is noted in which one of the locks is taken at that place: `FILE` or `FILE:LINE`, where FILE is
/// the end of a path, `bank.cpp` or `src/bank.cpp`. The environment's THREADWISE_IGNORE_ORDER has such places,
/// separated by commas. Throws ValueError for what names no file.
THREADWISE_API void ignore_lock_order_at(std::string_view place);

}  // namespace threadwise
