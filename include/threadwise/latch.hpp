#pragma once

/// \file
/// Latch: wait until a number of things has happened (C++: `std::latch`, [thread.latch]; Python has none).
///
/// A count that only goes down. Once it is zero every waiter goes on, and later waits return at once. Use it to
/// wait for several threads' beginning or for several results; Barrier is for threads that meet again and again, Event
/// for what happens once.
///
/// Cost: 4 bytes, no allocation; count_down() is one compare-and-swap, wait() on a finished latch one load.

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// Thread-safe. What happened before count_down() is visible after a wait() that returned true. May be destroyed as
/// soon as a wait() has returned true, even if the last count_down() has not returned yet.
class Latch {
public:
    /// Throws ValueError if `count` is negative or above max().
    THREADWISE_API explicit Latch(std::int64_t count);
    Latch(const Latch&) = delete;
    Latch& operator=(const Latch&) = delete;

    /// The highest count that a latch can begin with.
    static constexpr std::int64_t max() noexcept { return INT32_MAX; }

    /// Takes `n` from the count. Throws ValueError, and takes nothing, if n is negative or more than is left.
    THREADWISE_API void count_down(std::int64_t n = 1);

    /// Whether the count is zero.
    bool try_wait() const noexcept {
        // acquire: pairs with the release in count_down().
        return word_.load(std::memory_order_acquire) < one;
    }

    /// Waits until the count is zero. False: not within `timeout`. Throws InterruptedError if interrupt() ends the
    /// wait.
    bool wait(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return try_wait() || wait_slow({}, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    bool wait(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return try_wait() || wait_slow(std::move(stop), timeout, where);
    }

    /// count_down(n) and wait(timeout).
    bool arrive_and_wait(std::int64_t n = 1, Timeout timeout = forever,
                         SourceLocation where = SourceLocation::current()) {
        count_down(n);
        return wait(timeout, where);
    }

    /// What the count was a moment ago.
    std::int64_t count() const noexcept {
        return word_.load(std::memory_order_relaxed) / one;  // relaxed: a snapshot
    }

private:
    /// | bits of word_ | meaning            | set by                            | cleared by                    |
    /// |---------------|--------------------|-----------------------------------|-------------------------------|
    /// | has_waiters   | a thread may sleep | a waiter, under the bucket's lock | never: the latch is used once |
    /// | the others    | the count          | the constructor                   | count_down()                  |
    static constexpr std::uint32_t has_waiters = 1;
    static constexpr std::uint32_t one = 2;

    THREADWISE_API bool wait_slow(std::stop_token stop, Timeout timeout, SourceLocation where);

    std::atomic<std::uint32_t> word_;
};

static_assert(sizeof(Latch) <= 8);

}  // namespace threadwise
