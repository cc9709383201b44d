#pragma once
// How far the end of the process has come, and where threads notice it.
//
// Once it is closing, every thread of the library but the one that ends the process is to be held: it stops at its next
// checkpoint, of which the door has several, or is stopped where it is. lifetime/shutdown.hpp has the whole story.

#include <atomic>

#include "platform/exit.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Written by the thread that ends the process, in lifetime/shutdown.cpp.
struct ProcessEnd {
    std::atomic<ThreadRecord*> closer{nullptr};         ///< the thread that ends the process; null: none yet
    std::atomic<bool> closing{false};                   ///< the others are being held
    std::atomic<int> status{platform::unknown_status};  ///< what it ends with
};
extern constinit ProcessEnd process_end;

/// The calling thread, the initial one or a Thread, has begun: its exit() will be noticed. Once an OS thread. Defined
/// in lifetime/shutdown.cpp, so that a program that has records has the end of the process, too: the linker takes from
/// a static library what is referred to.
void notice_exit();

/// Whether all threads but the one that ends the process are being held.
inline bool is_closing() noexcept { return process_end.closing.load(); }

/// Whether the thread is one that must not go on once the process is closing. Foreign ones are their owners' to end.
bool must_be_held(const ThreadRecord& record) noexcept;

/// Whether that thread has been stopped, or will be at its next checkpoint before it touches anything.
bool is_held(const ThreadRecord& record) noexcept;

/// The calling thread, whose record that is, goes no further.
[[noreturn]] void hold(ThreadRecord& record) noexcept;

/// A thread that ought to be held does not return from here.
void pass_checkpoint(ThreadRecord& record) noexcept;

/// Whether the thread is held, or ends the process: it will not reach the end of its life, and waiting for it is in
/// vain.
bool never_finishes(const ThreadRecord& record) noexcept;

/// The calling thread is about to wait for one that never finishes. Does not return but on foreign threads, which are
/// not held, and on the thread that ends the process: true, it may do without.
bool may_skip_vain_wait(ThreadRecord& record);

}  // namespace threadwise::runtime
