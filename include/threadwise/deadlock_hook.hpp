#pragma once

/// \file
/// Deadlocks, named while they happen. Python has nothing of the kind.
///
/// A thread that has waited for half a second looks whether it waits for itself: whether what it waits for is held by a
/// thread that waits, for something that is held by a thread that waits, and so on back to the first. Such a circle is
/// reported once, within a second of its beginning: as text on standard error, or to a hook.
///
///     threadwise: deadlock: 2 threads wait for each other, and nothing but an interrupt can end it
///       "ada" (ident 2, native id 4712) holds RLock 0x7ffd1c20, and waits for RLock 0x7ffd1c30 held by "bob" (ident 3)
///         for 0.501 s, at bank.cpp:17 (transfer)
///       "bob" (ident 3, native id 4713) holds RLock 0x7ffd1c30, and waits for RLock 0x7ffd1c20 held by "ada" (ident 2)
///         for 0.507 s, at bank.cpp:17 (transfer)
///
/// What is followed: Lock, RLock, SharedLock, Once, join(), the futures of calls that have begun, TaskGroup and the
/// parallel loops, a pool's shutdown. A Condition, Event, Semaphore, Barrier, Latch or Queue has no holder: a thread
/// that waits for one of these waits for nobody in particular. docs/seeing-threads.md has the table.
///
/// A circle in which only Locks are ever waited for is called suspected, as any thread may release a Lock; so is one
/// with a wait that a stop token may end. A wait with a timeout is no part of a deadlock: it ends. All other circles
/// are certain: there is no false report of these (src/runtime/deadlock/detector.cpp has the proof).
///
/// Cost: waits of less than half a second pay nothing but a timer of the kernel's. An idle pool's workers never wake.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise {

/// One of the threads that wait for each other.
struct DeadlockedThread {
    std::string name;
    std::uint32_t ident = 0;
    std::uint64_t native_id = 0;     ///< the kernel's number
    std::string waits_for;           ///< what kind of thing: "RLock", "Thread.join", "Future"
    std::uintptr_t object = 0;       ///< its address
    std::string holds;               ///< what kind of thing the thread before it in the circle waits for
    std::uintptr_t held_object = 0;  ///< its address
    SourceLocation where;            ///< the call that waits; line 0: not known
    std::chrono::steady_clock::time_point since;
};

/// Each of the threads waits for what the one after it holds, and the last one for the first.
struct Deadlock {
    std::vector<DeadlockedThread> threads;
    /// Nothing can end it but interrupt(). If not: a Lock may be released by another thread, or stop be requested.
    bool certain = false;
};

/// The report that default_deadlock_hook() writes, several lines.
THREADWISE_API std::string to_string(const Deadlock& deadlock);

/// Called on a thread of its own, which may use everything, and may wait; the deadlocked ones do not go on meanwhile.
using DeadlockHook = std::function<void(const Deadlock&)>;

/// Replaces the hook; an empty one restores the default. Returns the one before, empty if that was the default. What
/// the hook throws is reported on standard error.
THREADWISE_API DeadlockHook set_deadlock_hook(DeadlockHook hook);

/// The hook that is set at first: writes to_string() to standard error.
THREADWISE_API void default_deadlock_hook(const Deadlock& deadlock);

/// What happens after a deadlock has been reported to the hook.
enum class OnDeadlock : std::uint8_t {
    report,  ///< nothing more
    abort,   ///< the process is aborted
    /// One wait ends with a DeadlockError: that which began last, and so closed the circle, of those that an exception
    /// can leave. (It cannot leave a TaskGroup whose tasks still run, nor a destructor.) Its thread then lets the
    /// others go on, if it releases what it holds.
    fail,
    ignore,  ///< no thread looks, and no hook is called
};

/// Applies to waits that begin from now on; returns what it was before. At first it is what the environment says in
/// THREADWISE_ON_DEADLOCK: `report`, `abort`, `throw` (which is `fail`) or `ignore`; else `report`.
THREADWISE_API OnDeadlock set_on_deadlock(OnDeadlock action);

}  // namespace threadwise
