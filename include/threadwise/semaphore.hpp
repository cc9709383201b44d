#pragma once
// Semaphore and BoundedSemaphore: a number of permits (Python: threading.Semaphore, threading.BoundedSemaphore).
//
// acquire() takes a permit, waiting for one if there is none; release() gives permits back, or adds new ones. A bounded
// semaphore refuses to hold more permits than it began with, which finds the release too many.
//
// Cost: 8 bytes (16 bounded), no allocation. With a permit to be had, acquire is one compare-and-swap, inline; release
// one atomic addition when nobody waits. Newcomers may overtake waiters, but not for longer than about half a
// millisecond: then the permit is handed to the waiter.

#include <atomic>
#include <cstdint>

#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace detail {

/// The word of a semaphore. src/threading/synchronization/semaphore.cpp has the argument why each sleeper is woken.
///
/// | bits        | meaning                        | set by                          | cleared by                      |
/// |-------------|--------------------------------|---------------------------------|---------------------------------|
/// | has_waiters | a thread may sleep             | a waiter, under the bucket's    | a waker, with the last sleeper; |
/// |             |                                | lock                            | a waiter that gives up as the   |
/// |             |                                |                                 | last                            |
/// | woken       | a sleeper was woken, and no    | a waker                         | that sleeper, as it takes a     |
/// |             | other needs to be until that   |                                 | permit or sleeps again          |
/// |             | one has looked                 |                                 |                                 |
/// | the others  | the permits                    | release()                       | acquire(); a waker that hands a |
/// |             |                                |                                 | permit to a sleeper             |
struct PermitWord {
    static constexpr std::uint64_t has_waiters = 1;
    static constexpr std::uint64_t woken = 2;
    static constexpr std::uint64_t one = 4;
};

}  // namespace detail

/// Thread-safe. What happened before a release() is visible after the acquire() that takes its permit. Must not be
/// destroyed while waited for.
class Semaphore {
public:
    /// Throws ValueError if `value` is negative, or above max().
    THREADWISE_API explicit Semaphore(std::int64_t value = 1);
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// The most permits that a semaphore can hold.
    static constexpr std::int64_t max() noexcept { return INT64_MAX / one_permit; }

    /// Python's acquire: true once a permit is taken; false if not `blocking` and there is none, or none within
    /// `timeout`. Throws ValueError for a timeout with blocking = false; a negative timeout only tries. Throws
    /// InterruptedError if interrupt() ends the wait.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return (timeout.is_forever() && try_take()) || acquire_slow(blocking, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    bool acquire(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return try_take() || wait_for_permit(std::move(stop), timeout, where);
    }

    /// Takes a permit if there is one; never waits. Python's acquire(blocking=False).
    bool try_acquire() noexcept { return try_take(); }

    /// Gives back, or adds, `n` permits. Throws ValueError, and adds none, if n is less than 1, or if there would be
    /// more than max().
    void release(std::int64_t n = 1) {
        if (n < 1 || n > few) [[unlikely]]
            return release_many(n);
        const std::uint64_t added = static_cast<std::uint64_t>(n) * one_permit;
        // release: pairs with the acquire of the thread that takes the permits.
        const std::uint64_t old = word_.fetch_add(added, std::memory_order_release);
        if (is_too_much(old + added)) [[unlikely]]
            take_back(n);
        if (must_wake(old, n)) [[unlikely]]
            wake_waiters(n);
    }

    /// How many permits there were a moment ago.
    std::int64_t value() const noexcept {
        return static_cast<std::int64_t>(word_.load(std::memory_order_relaxed) / one_permit);  // relaxed: a snapshot
    }

private:
    friend class BoundedSemaphore;

    static constexpr std::uint64_t has_waiters = detail::PermitWord::has_waiters;
    static constexpr std::uint64_t woken = detail::PermitWord::woken;
    static constexpr std::uint64_t one_permit = detail::PermitWord::one;
    /// So many may be added before one looks whether they fit: above max() there is room for those of 2^30 threads.
    static constexpr std::int64_t few = INT32_MAX;

    /// Whether sleepers are to be told of `n` permits more. Decided from the word as it was: after a release the
    /// semaphore may be gone.
    static bool must_wake(std::uint64_t old, std::int64_t n) noexcept {
        return (old & has_waiters) != 0 && (n > 1 || (old & woken) == 0);
    }

    /// Whether that word has more than max() permits.
    static bool is_too_much(std::uint64_t word) noexcept { return (word >> 63) != 0; }

    bool try_take() noexcept {
        std::uint64_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        while (old >= one_permit) {
            // acquire: pairs with the release that added the permit.
            if (word_.compare_exchange_weak(old, old - one_permit, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }

    THREADWISE_API bool acquire_slow(bool blocking, Timeout timeout, SourceLocation where);
    THREADWISE_API bool wait_for_permit(std::stop_token stop, Timeout timeout, SourceLocation where);
    THREADWISE_API void wake_waiters(std::int64_t n);
    THREADWISE_API void release_many(std::int64_t n);
    [[noreturn]] THREADWISE_API void take_back(std::int64_t n);
    [[noreturn]] static void refuse(std::int64_t n);

    std::atomic<std::uint64_t> word_;  ///< see PermitWord
};

static_assert(sizeof(Semaphore) <= 16);

/// A semaphore that never holds more permits than at first: release() throws ValueError instead, and adds nothing.
/// Thread-safe, as Semaphore.
class BoundedSemaphore {
public:
    /// Throws ValueError if `value` is negative, or above Semaphore::max().
    explicit BoundedSemaphore(std::int64_t value = 1) : semaphore_(value), bound_(value) {}

    /// As Semaphore::acquire.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return semaphore_.acquire(blocking, timeout, where);
    }
    bool acquire(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return semaphore_.acquire(std::move(stop), timeout, where);
    }
    bool try_acquire() noexcept { return semaphore_.try_acquire(); }

    /// Gives back `n` permits. Throws ValueError if n is less than 1, or if there would be more than at first.
    THREADWISE_API void release(std::int64_t n = 1);

    std::int64_t value() const noexcept { return semaphore_.value(); }

private:
    Semaphore semaphore_;
    const std::int64_t bound_;
};

}  // namespace threadwise
