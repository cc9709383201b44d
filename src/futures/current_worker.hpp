#pragma once
// Where the calling thread stands with respect to a pool.

#include "threadwise/detail/futures/worker.hpp"

namespace threadwise::detail {

/// Whether the calling thread is one of the pool's workers.
inline bool runs_here(const Pool* pool) noexcept { return this_worker != nullptr && &this_worker->pool() == pool; }

/// A call of the pool, which is null for calls that belong to none, has been made here.
void count_call(Pool* pool, TaskOutcome outcome) noexcept;

}  // namespace threadwise::detail
