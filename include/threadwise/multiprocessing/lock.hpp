#pragma once
// Lock: mutual exclusion between processes (Python: multiprocessing.Lock).
//
// It lies in memory that processes share, and does its work from there:
//
//     struct Board {
//         multiprocessing::Lock lock;
//         int numbers[100];
//     };
//     multiprocessing::Shared<Board> board;  // shared.hpp
//     ...
//     std::scoped_lock hold(board->lock);
//
// If its holder dies, by SIGKILL for one, the kernel frees it, and the next ones are told: OwnerDiedError
// (owner_died.hpp). So it has an owner, and only the thread that has acquired it may release it; in Python any may. Not
// recursive: use RLock for that.
//
// Cost: 40 bytes, no allocation, no destructor; two atomic operations to acquire and release it. Waiters compete for
// it, the longest first. It meets the standard's TimedLockable.

#include <chrono>
#include <stop_token>

#include "threadwise/detail/multiprocessing/synchronization/robust_word.hpp"
#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/owner_died.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// May be used by all threads of all processes that share its memory, which must stay mapped while it is held or
/// waited for. Acquiring synchronises with the release before it. All that acquire it throw OwnerDiedError, at once, if
/// its holder died and nobody has called recover() since.
class Lock {
public:
    constexpr Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// Waits for as long as it takes. Throws InterruptedError if interrupt() ends the wait.
    void lock(SourceLocation where = SourceLocation::current()) {
        if (!try_take()) [[unlikely]]
            lock_slow(where);
    }

    /// Takes the lock if it is free; never waits.
    THREADWISE_API bool try_lock();

    /// Throws RuntimeError if the calling thread does not hold the lock.
    void unlock() {
        if (!word_.release()) [[unlikely]]
            refuse_release();
    }

    /// Python's acquire: true once taken; false if not `blocking` and held, or not free within `timeout`. Throws
    /// ValueError for a timeout with blocking = false and for a negative one.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return (timeout.is_forever() && try_take()) || acquire_slow(blocking, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    THREADWISE_API bool acquire(std::stop_token stop, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());

    /// Python's release: unlock().
    void release() { unlock(); }

    /// Takes the lock whatever became of its last holder, waiting for as long as it takes. True: the holder had died,
    /// and it is for the caller to mend what the lock guards. False: it had not, or another thread has mended it.
    THREADWISE_API bool recover(SourceLocation where = SourceLocation::current());

    /// Whether it was held a moment ago.
    bool locked() const noexcept { return word_.is_held(); }

    /// The standard's names for a timed acquire. A time in the past tries once.
    template <class Rep, class Period>
    bool try_lock_for(const std::chrono::duration<Rep, Period>& duration,
                      SourceLocation where = SourceLocation::current()) {
        return try_lock_timed(duration, where);
    }
    template <class Clock, class Duration>
    bool try_lock_until(const std::chrono::time_point<Clock, Duration>& deadline,
                        SourceLocation where = SourceLocation::current()) {
        return try_lock_timed(Timeout::until(deadline), where);
    }

private:
    friend class Condition;

    /// False is not final: its last holder may have died.
    bool try_take() noexcept { return word_.try_take() == detail::RobustWord::Take::taken; }
    THREADWISE_API void lock_slow(SourceLocation where);
    THREADWISE_API bool acquire_slow(bool blocking, Timeout timeout, SourceLocation where);
    THREADWISE_API bool try_lock_timed(Timeout timeout, SourceLocation where);
    [[noreturn]] THREADWISE_API static void refuse_release();

    detail::RobustWord word_;
};

}  // namespace threadwise::multiprocessing
