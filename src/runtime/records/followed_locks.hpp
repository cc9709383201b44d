#pragma once
// Locks that are followed: each is taken and released in the library's slow paths, which write down which thread holds
// it. That costs some tens of nanoseconds; where locks are not followed, it costs their inlined fast paths nothing.
//
// Taking: a fast path takes a lock with `taking_ident`, which is 0 where locks are followed, and so takes none.
// Releasing: a fast path looks at the count of sleepers, which is one higher than their number then. SharedLocks are
// not biased, so reading one is counted.

#include <atomic>

namespace threadwise::runtime {

/// Written by follow_locks() alone.
extern constinit std::atomic<bool> following_locks;

/// acquire: a thread that sees it sees what follow_locks() did before.
inline bool locks_are_followed() noexcept { return following_locks.load(std::memory_order_acquire); }

/// From now on, for good, in the calling thread and in those that begin later. A thread that runs already may take
/// locks unseen. May be called again, but by one thread at a time.
void follow_locks() noexcept;

}  // namespace threadwise::runtime
