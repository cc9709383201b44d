#pragma once
// Marks where a thread must not be stopped for good: it may hold one of the library's internal locks.

#include <atomic>

namespace threadwise::platform {

/// How many such sections the calling thread is in. Read by a signal handler on the same thread, so initial-exec (no
/// function call, no allocation to get at it).
[[gnu::tls_model("initial-exec")]] extern constinit thread_local std::atomic<int> internal_sections;

// relaxed throughout: a thread and its own signal handlers see each other's writes in program order, provided that the
// compiler keeps it, which the fences see to.
inline void enter_internal_section() noexcept {
    internal_sections.store(internal_sections.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

inline void leave_internal_section() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    internal_sections.store(internal_sections.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

}  // namespace threadwise::platform
