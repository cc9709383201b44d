#pragma once
// Sleeping on a 32-bit word in memory that processes share, and waking its sleepers, whatever process they are in.

#include <atomic>
#include <cstdint>

#include "platform/clock.hpp"
#include "platform/futex.hpp"

namespace threadwise::platform {

/// A word and what it has to hold for a thread to sleep on it.
struct AwaitedWord {
    const std::atomic<std::uint32_t>& word;
    std::uint32_t expected;
};

/// Sleeps while both words hold what is expected: `shared`, which other processes wake by shared_futex_wake(), and
/// `own`, which this process wakes by futex_wake(). May return early, as `woken`: callers loop.
FutexResult shared_futex_wait(AwaitedWord shared, AwaitedWord own, Instant deadline) noexcept;

/// Wakes at most `count` threads, of any process, asleep on that word, and returns how many those were, or `count`
/// where the system does not say. Only the address counts, but it has to be mapped.
int shared_futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept;

}  // namespace threadwise::platform
