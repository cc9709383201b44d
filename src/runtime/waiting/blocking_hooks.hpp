#pragma once
// Running a thread's blocking hooks around a wait. Those of the interpreter lock that it holds count as the newest.

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Newest to oldest; nothing while a hook itself waits.
void run_before_wait(ThreadRecord& record) noexcept;

/// Newest to oldest; nothing while a hook itself waits.
void run_before_sleep(ThreadRecord& record) noexcept;

/// Oldest to newest; nothing while a hook itself waits.
void run_after_wait(ThreadRecord& record) noexcept;

/// Whether any hook wants the signal that has just been handled to end the wait.
bool any_hook_wants_signal(ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime
