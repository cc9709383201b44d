#pragma once
// The calling thread's relation to a pool.

#include "threadwise/detail/futures/worker.hpp"

namespace threadwise::detail {

/// Whether the calling thread is one of the pool's workers.
inline bool runs_here(const Pool* pool) noexcept { return this_worker != nullptr && &this_worker->pool() == pool; }

/// Counts a call that the calling thread has made for `pool`, which may be null: then nothing is counted.
void count_call(Pool* pool, TaskOutcome outcome) noexcept;

}  // namespace threadwise::detail
