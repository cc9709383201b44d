#pragma once
// From start to end: where a thread is in its life, and how others wait for the next step.

#include <cstdint>
#include <stop_token>
#include "threadwise/source_location.hpp"

#include "runtime/records/thread_record.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::runtime {

Life life_of(const ThreadRecord& record) noexcept;

/// From unstarted to started; false if it is no longer unstarted. One caller at most succeeds.
bool begin_life(ThreadRecord& record) noexcept;

/// The record enters the next state, and those who wait for it wake. What the caller did before happens before what
/// they do then. The record must stay alive throughout the call.
void advance_life(ThreadRecord& record, Life life) noexcept;

/// Waits, as a join does, until the thread has come as far as `life`.
Wakeup await_life(ThreadRecord& record, Life life, platform::Instant deadline, std::stop_token stop,
                  SourceLocation where);

/// The same without deadline. The caller has no way to tell of an interrupt: that is kept for its next wait.
void await_life_uninterrupted(ThreadRecord& record, Life life);

}  // namespace threadwise::runtime
