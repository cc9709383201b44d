#pragma once
// Sleeping on a 32-bit word, and waking its sleepers: all that the library needs of the OS in order to wait.
// Two backends behind one contract: linux/futex.cpp on the system call, portable/futex.cpp on the standard library's
// mutex and condition variable (chosen by THREADWISE_PLATFORM when the library is configured).

#include <atomic>
#include <cstdint>

#include "platform/clock.hpp"

namespace threadwise::platform {

enum class FutexResult : std::uint8_t {
    woken,      ///< by futex_wake, or for no reason at all, or the word no longer held `expected`
    timed_out,  ///< the deadline has passed
    signalled,  ///< a signal handler ran on this thread (never reported by the portable backend)
};

/// Sleeps while `word` holds `expected`, until woken or until `deadline`. May return early: callers loop.
/// The check of the word and the falling asleep are one step with respect to `futex_wake`.
FutexResult futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Instant deadline) noexcept;

/// Wakes at most `count` threads asleep on the word at this address. Only the address counts: the word itself is not
/// touched, and may be gone already.
void futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept;

}  // namespace threadwise::platform
