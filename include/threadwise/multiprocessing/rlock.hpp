#pragma once
// RLock: a lock across processes that its holder may take again (Python: multiprocessing.RLock).
//
// As Lock in all else; see there for where it lies and what happens when its holder dies. It is free again when it has
// been released as often as it was acquired. Cost: 48 bytes; to take it again is no atomic operation.

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "threadwise/detail/multiprocessing/synchronization/robust_word.hpp"
#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/owner_died.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// May be used by all threads of all processes that share its memory. What its functions do and throw that Lock has,
/// too, is said there.
class RLock {
public:
    constexpr RLock() noexcept = default;
    RLock(const RLock&) = delete;
    RLock& operator=(const RLock&) = delete;

    void lock(SourceLocation where = SourceLocation::current()) {
        if (!try_take()) [[unlikely]]
            lock_slow(where);
    }
    THREADWISE_API bool try_lock();

    /// Throws RuntimeError if the calling thread does not hold the lock.
    THREADWISE_API void unlock();

    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return (timeout.is_forever() && try_take()) || acquire_slow(blocking, timeout, where);
    }
    THREADWISE_API bool acquire(std::stop_token stop, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());
    void release() { unlock(); }

    /// As Lock::recover(). If the caller holds it already, as after a Condition's wait() has thrown OwnerDiedError, it
    /// holds it no more often than before.
    THREADWISE_API bool recover(SourceLocation where = SourceLocation::current());

    /// Whether the calling thread holds it.
    bool is_owned() const noexcept { return word_.is_held_by_this_thread(); }
    /// Whether it was held a moment ago.
    bool locked() const noexcept { return word_.is_held(); }

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

    /// Once more, or if it is free. False is not final: its last holder may have died.
    THREADWISE_API bool try_take() noexcept;
    THREADWISE_API void lock_slow(SourceLocation where);
    THREADWISE_API bool acquire_slow(bool blocking, Timeout timeout, SourceLocation where);
    THREADWISE_API bool try_lock_timed(Timeout timeout, SourceLocation where);
    bool take_again() noexcept;
    bool begin(bool taken) noexcept;

    detail::RobustWord word_;
    std::uint32_t count_ = 0;  ///< how often its holder has it; the holder's alone
};

}  // namespace threadwise::multiprocessing
