#pragma once
// How others wait for the next step in a thread's life.

#include <stop_token>

#include "runtime/records/life.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::runtime {

/// Waits, as a join does, until the thread has come as far as `life`.
Wakeup await_life(ThreadRecord& record, Life life, platform::Instant deadline, std::stop_token stop,
                  SourceLocation where, bool may_fail = true);

/// The same without deadline. The caller has no way to tell of an interrupt: that is kept for its next wait.
void await_life_uninterrupted(ThreadRecord& record, Life life);

}  // namespace threadwise::runtime
