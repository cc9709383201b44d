#pragma once
// RLock: a lock that its holder may take again (Python: threading.RLock).
//
// Belongs to the thread that took it, until it has released it as many times as it took it. Only the owner may release
// it. Cost: 12 bytes; uncontended as Lock; taken again, a load and an increment.
//
// It meets the standard's TimedLockable.

#include <atomic>
#include <chrono>
#include <cstdint>

#include <stop_token>

#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/detail/synchronization/owner_word.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// Thread-safe. The first acquire synchronises with the last release before it. Must not be destroyed while held or
/// waited for.
class RLock {
public:
    constexpr RLock() noexcept = default;
    RLock(const RLock&) = delete;
    RLock& operator=(const RLock&) = delete;

    /// Waits for as long as another thread holds it. Throws InterruptedError if interrupt() ends the wait, RuntimeError
    /// when taken 2^32 - 1 times already.
    void lock(SourceLocation where = SourceLocation::current()) {
        if (!word_.try_take()) [[unlikely]]
            lock_slow(where);
    }

    /// Takes it if no other thread holds it; never waits.
    bool try_lock() { return word_.try_take() || try_lock_slow(); }

    /// Throws RuntimeError if the calling thread does not own it.
    void unlock() {
        if (!is_owned()) [[unlikely]]
            refuse_release();
        // relaxed: the owner's own; others get no more than a glimpse of it.
        if (const std::uint32_t count = count_.load(std::memory_order_relaxed); count != 0) {
            count_.store(count - 1, std::memory_order_relaxed);
        } else {
            word_.release();
        }
    }

    /// Python's acquire: true once taken; false if not `blocking` and another thread has it, or it does not come free
    /// within `timeout`. Throws ValueError for a timeout with blocking = false and for a negative one.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return (timeout.is_forever() && word_.try_take()) || acquire_slow(blocking, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    THREADWISE_API bool acquire(std::stop_token stop, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());

    /// Python's release: unlock().
    void release() { unlock(); }

    /// Whether any thread held it a moment ago (Python 3.14).
    bool locked() const noexcept { return word_.owner() != 0; }

    /// Whether the calling thread owns it.
    bool is_owned() const noexcept {
        const std::uint32_t me = detail::this_ident;
        return me != 0 && word_.holder() == me;
    }

    /// How many times the calling thread has taken it and not released it: 0 if it does not own it.
    std::uint32_t recursion_count() const noexcept { return is_owned() ? taken() : 0; }

    /// How many times its owner, whoever that is, had taken it a moment ago and not released it: 0 if it was free.
    std::uint32_t owner_count() const noexcept { return locked() ? taken() : 0; }

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
    bool take_again();
    /// By the owner, while it has one.
    std::uint32_t taken() const noexcept { return count_.load(std::memory_order_relaxed) + 1; }  // as in unlock()

    detail::OwnerWord word_;
    /// How many times the owner has taken it again; written by the owner alone.
    std::atomic<std::uint32_t> count_{0};
};

static_assert(sizeof(RLock) <= 16);

}  // namespace threadwise
