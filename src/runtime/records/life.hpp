#pragma once
// From start to end: where a thread is in its life.

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

Life life_of(const ThreadRecord& record) noexcept;

/// From unstarted to started; false if it is no longer unstarted. One caller at most succeeds.
bool begin_life(ThreadRecord& record) noexcept;

/// For a thread that waits for it: whether the thread has come as far as `life`.
bool has_reached(const ThreadRecord& record, Life life) noexcept;

/// The same, but if not, advance_life() will wake what sleeps on the address of the record's `life`. Under the lock of
/// that address's bucket.
bool still_to_come(ThreadRecord& record, Life life) noexcept;

/// The record enters the next state, and those that wait for it wake. What the caller did before happens before what
/// they do then. The record must stay alive throughout the call.
void advance_life(ThreadRecord& record, Life life) noexcept;

}  // namespace threadwise::runtime
