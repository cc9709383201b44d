#pragma once
// Where a thread notes that it is inside a lock that is biased to it; see queue_lock.hpp.

#include <atomic>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// One cache line for each thread, which is never given back to the system: a thread that takes a bias away may look at
/// the slot of one that has ended. A new thread inherits such a slot, with what is biased to it.
struct alignas(64) BiasSlot {
    std::atomic<const void*> inside{nullptr};  ///< the lock, or null; written by its thread alone
    BiasSlot* next = nullptr;                  ///< links the free ones
    BiasSlot* made_before = nullptr;           ///< links all of them
};

/// The calling thread's, or null until it has touched the library. initial-exec: as this_ident.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API BiasSlot* this_bias_slot;

}  // namespace threadwise::detail
