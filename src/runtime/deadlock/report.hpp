#pragma once
// What becomes of a deadlock that was found: a thread of its own calls the hook.

#include "runtime/deadlock/blocked_threads.hpp"
#include "threadwise/deadlock_hook.hpp"

namespace threadwise::runtime {

OnDeadlock on_deadlock() noexcept;

/// For a thread that is queued to sleep itself, as look_for_deadlocks(): the work is done by another thread. Each
/// thread waits for the one after it, the last for the first. Throws std::bad_alloc. False: no thread can be started
/// for that, which is said in a line.
bool report_deadlock(const SystemVector<BlockedThread>& in_order, Tie tie);

/// Whether that wait of the calling thread's is to end with a DeadlockError.
bool is_doomed(const ThreadRecord& record, platform::Instant since) noexcept;

/// If that is why the calling thread's last wait was interrupted: throws the DeadlockError.
void throw_if_doomed(ThreadRecord& record);

}  // namespace threadwise::runtime
