#pragma once
// Where the calling thread stands with respect to a pool.

#include "threadwise/detail/worker.hpp"

namespace threadwise::detail {

/// Whether the calling thread is one of the pool's workers.
inline bool runs_here(const Pool* pool) noexcept { return this_worker != nullptr && &this_worker->pool() == pool; }

}  // namespace threadwise::detail
