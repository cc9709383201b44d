#pragma once
// The end of the process, as threads see it.
//
// When main returns or anybody calls exit(), before any static object is destroyed: the functions registered with
// at_shutdown() run, newest first; all non-daemon threads are joined; then all other threads of the house are held: at
// the door where they come by, or stopped where they are. If one of them cannot be stopped in good time, the process
// ends with its status, but without destroying its static objects.

#include <atomic>
#include <functional>

#include "platform/clock.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Runs when the process begins to end, before threads are joined; on the thread that ends it. An exception is reported
/// on stderr, as is pthread_exit(); the end goes on. False: all such functions have run already.
bool at_shutdown(std::function<void()> function);

/// The calling thread, a Thread or the main one, has begun or loaded the library: its exit() will be noticed. Once an
/// OS thread.
void notice_exit();

/// Whether the thread is held, or ends the process: it will not reach the end of its life, and waiting for it is in
/// vain.
bool never_finishes(const ThreadRecord& record) noexcept;

/// The calling thread is about to wait for one that never finishes. Does not return but on foreign threads, which are
/// not held, and on the thread that ends the process: true, it may do without.
bool may_skip_vain_wait(ThreadRecord& record);

/// Before an error is thrown that another thread's exit() is to blame for. Does not return on the main thread and on
/// daemons, which would report the error or end the process with another status.
void hold_if_overtaken();

/// Whether all threads but the one that ends the process are being held.
bool is_closing() noexcept;

/// A thread that ought to be held does not return from here.
void pass_checkpoint(ThreadRecord& record) noexcept;

/// Around a sleep at the door. While it exists the thread counts as held: it will touch nothing before the next
/// checkpoint. A sleep of the thread that ends the process which nobody can end any more ends the process.
class SleepingAtDoor {
public:
    SleepingAtDoor(ThreadRecord& record, platform::Instant deadline) noexcept;
    ~SleepingAtDoor();
    SleepingAtDoor(const SleepingAtDoor&) = delete;
    SleepingAtDoor& operator=(const SleepingAtDoor&) = delete;

private:
    ThreadRecord& record_;
};

/// In a forked child, which has not begun to end.
void forget_shutdown() noexcept;

}  // namespace threadwise::runtime
