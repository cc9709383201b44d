#pragma once
// Lock: mutual exclusion (Python: threading.Lock).
//
// A lock is free or held. It has no owner: any thread may release it, as Python defines, so that it can also
// serve as a signal between two threads. (The thread that took it is noted all the same, for dump().) Not recursive: a
// thread that takes it twice deadlocks; use RLock for that.
//
// Cost: 8 bytes, no allocation, no destructor. Uncontended, inline: acquire is one compare-and-swap, release a plain
// store. A waiter spins while that has lately paid, then sleeps. Newcomers may overtake waiters, but not for longer
// than about half a millisecond: then the lock is handed to the waiter.
//
// hold(lock) takes it until the end of the scope (hold.hpp). It meets the standard's TimedLockable: std::scoped_lock,
// std::unique_lock and std::condition_variable_any work, too.

#include <chrono>

#include <stop_token>

#include "threadwise/detail/synchronization/owner_word.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// Thread-safe. Acquiring synchronises with the release before it. Must not be destroyed while held or waited for.
class Lock {
public:
    constexpr Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// Waits for as long as it takes. Throws InterruptedError if interrupt() ends the wait.
    void lock(SourceLocation where = SourceLocation::current()) {
        if (!word_.try_take()) [[unlikely]]
            lock_slow(where);
    }

    /// Takes the lock if it is free; never waits.
    bool try_lock() { return word_.try_take() || try_lock_slow(); }

    /// Throws RuntimeError if the lock is not held.
    void unlock() {
        if (!word_.release()) [[unlikely]]
            refuse_release();
    }

    /// Python's acquire: true once taken; false if not `blocking` and held, or not free within `timeout`. Throws
    /// ValueError for a timeout with blocking = false and for a negative one.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return (timeout.is_forever() && word_.try_take()) || acquire_slow(blocking, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    THREADWISE_API bool acquire(std::stop_token stop, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());

    /// Python's release: unlock().
    void release() { unlock(); }

    /// Whether it was held a moment ago.
    bool locked() const noexcept { return word_.owner() != 0; }

    /// The standard's names for a timed acquire. A time in the past tries once.
    template <class Rep, class Period>
    bool try_lock_for(const std::chrono::duration<Rep, Period>& duration,
                      SourceLocation where = SourceLocation::current()) {
        return word_.try_take() || try_lock_timed(duration, where);
    }
    template <class Clock, class Duration>
    bool try_lock_until(const std::chrono::time_point<Clock, Duration>& deadline,
                        SourceLocation where = SourceLocation::current()) {
        return word_.try_take() || try_lock_timed(Timeout::until(deadline), where);
    }

private:
    friend class Condition;

    THREADWISE_API void lock_slow(SourceLocation where);
    THREADWISE_API bool try_lock_slow();
    THREADWISE_API bool try_lock_timed(Timeout timeout, SourceLocation where);
    THREADWISE_API bool acquire_slow(bool blocking, Timeout timeout, SourceLocation where);
    [[noreturn]] THREADWISE_API static void refuse_release();

    detail::OwnerWord word_;
};

static_assert(sizeof(Lock) <= 8);

}  // namespace threadwise
