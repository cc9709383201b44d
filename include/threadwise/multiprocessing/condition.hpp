#pragma once
// Condition: wait until something that processes share has changed (Python: multiprocessing.Condition).
//
//     struct Board {
//         multiprocessing::Condition changed;  // over an RLock of its own; or changed{lock} over one beside it
//         int jobs = 0;
//     };
//
//     // the process that waits                                     // the process that brings
//     std::scoped_lock hold(board->changed);                        std::scoped_lock hold(board->changed);
//     board->changed.wait_for([&] { return board->jobs > 0; });     ++board->jobs;
//     --board->jobs;                                                board->changed.notify();
//
// wait() releases the lock, sleeps until notified, and takes the lock again. notify() wakes at least as many as it is
// asked to, and a thread that was just about to sleep besides: so the state has to be looked at again, as wait_for()
// does.
//
// A process that is killed when it has just been woken takes its notification with it. wait_for() looks at its
// predicate every half second all the same, so nobody waits in vain for what is there.
//
// Cost: 80 bytes, no allocation; notify without a waiter is two atomic operations.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <utility>

#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/lock.hpp"
#include "threadwise/multiprocessing/rlock.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// May be used by all threads of all processes that share its memory.
class Condition {
public:
    /// Over an RLock of its own.
    THREADWISE_API Condition() noexcept;

    /// Over a lock that lies in the same shared memory, at the same distance in every process.
    THREADWISE_API explicit Condition(Lock& lock) noexcept;
    THREADWISE_API explicit Condition(RLock& lock) noexcept;

    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// The lock's own operations.
    void lock(SourceLocation where = SourceLocation::current()) { acquire(true, forever, where); }
    bool try_lock() { return acquire(false); }
    void unlock() { release(); }
    THREADWISE_API bool acquire(bool blocking = true, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());
    THREADWISE_API void release();
    THREADWISE_API bool recover(SourceLocation where = SourceLocation::current());

    /// Releases the lock, waits until notified, takes the lock again, however often the caller had taken it. True:
    /// notified. False: not within `timeout`. Throws RuntimeError if the caller does not hold the lock; and with the
    /// lock taken again, InterruptedError if interrupt() ends the wait, and OwnerDiedError if a holder died meanwhile:
    /// then call recover() and mend what it guards, or release it, and the next one is told.
    bool wait(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return wait(std::stop_token(), timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    THREADWISE_API bool wait(std::stop_token stop, Timeout timeout = forever,
                             SourceLocation where = SourceLocation::current());

    /// Waits until `predicate()`, called with the lock held, is true; at most for `timeout` in all. Returns what the
    /// predicate returned last. Throws as wait() does, and what the predicate throws.
    template <std::predicate Predicate>
    bool wait_for(Predicate predicate, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return wait_for({}, std::move(predicate), timeout, where);
    }

    /// The same, but also ends when stop is requested.
    template <std::predicate Predicate>
    bool wait_for(std::stop_token stop, Predicate predicate, Timeout timeout = forever,
                  SourceLocation where = SourceLocation::current()) {
        const threadwise::detail::Deadline deadline(timeout);
        while (!std::invoke(predicate)) {
            const auto left = deadline.left().duration();
            if (stop.stop_requested() || left <= std::chrono::nanoseconds::zero()) return false;
            wait(stop, std::min(left, std::chrono::nanoseconds(longest_wait)), where);
        }
        return true;
    }

    /// Wakes `n` of those that wait, or all if there are fewer. The caller must hold the lock: RuntimeError if not.
    /// Throws ValueError if `n` is negative.
    THREADWISE_API void notify(std::ptrdiff_t n = 1);

    /// Wakes all threads that wait.
    THREADWISE_API void notify_all();

private:
    static constexpr std::chrono::milliseconds longest_wait{500};

    enum class Kind : std::uint8_t { lock, rlock };

    Condition(void* lock, Kind kind) noexcept;
    Lock& as_lock() noexcept;
    RLock& as_rlock() noexcept;
    detail::RobustWord& word() noexcept;
    void expect_held(const char* what);
    void wake(int count);

    RLock own_;
    std::ptrdiff_t offset_;  ///< from this to the lock
    Kind kind_;
    std::atomic<std::uint32_t> notifications_{0};  ///< how many there have been, modulo 2^32: what waiters sleep on
    std::atomic<std::uint32_t> waiters_{0};        ///< at least as many as sleep
};

}  // namespace threadwise::multiprocessing
