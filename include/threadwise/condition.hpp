#pragma once
// Condition: wait until something that a lock guards has changed (Python: threading.Condition).
//
//     Condition changed;  // over an RLock of its own; Condition changed(lock) is over a lock of yours
//
//     // the thread that waits                                       // the thread that brings
//     const auto held = hold(changed);                               const auto held = hold(changed);
//     changed.wait_for([&] { return !items.empty(); });              items.push_back(item);
//     take(items);                                                   changed.notify();
//
// wait() releases the lock, sleeps until notified, and takes the lock again. There are no spurious wake-ups, but the
// state may have changed again before the lock is taken: use wait_for() with a predicate, or loop.
//
// Over a Lock or an RLock, notified waiters do not all wake to fight for the lock: they move over to its queue, and
// each wakes as the lock becomes free (wait morphing). Over a lock of another type, once woken they compete
// for it.
//
// Cost: two cache lines; no allocation to wait or notify; notify without a waiter is one load.

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
#include "threadwise/lock.hpp"
#include "threadwise/rlock.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace runtime {
struct ThreadRecord;
}

/// Thread-safe. Must not be destroyed while waited for; a lock of yours must outlive it.
class Condition {
public:
    /// Over an RLock of its own.
    THREADWISE_API Condition() noexcept;
    THREADWISE_API explicit Condition(Lock& lock) noexcept;
    THREADWISE_API explicit Condition(RLock& lock) noexcept;

    /// Over any other lock with lock() and unlock() (the standard's BasicLockable). Whether the caller holds it is
    /// checked only if it has is_owned().
    template <class OtherLock>
        requires(!std::same_as<OtherLock, Condition>)
    &&requires(OtherLock& lock) {
        lock.lock();
        lock.unlock();
    }
    explicit Condition(OtherLock& lock) noexcept : lock_(&lock), operations_(&operations_of<OtherLock>) {}

    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// The lock's own operations. acquire() with an argument, and try_lock(), throw RuntimeError over a lock that has
    /// no such operation.
    void lock(SourceLocation where = SourceLocation::current()) { operations_->lock(lock_, where); }
    void unlock() { operations_->unlock(lock_); }
    bool try_lock() { return operations_->acquire(lock_, false, forever, SourceLocation::current()); }
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return operations_->acquire(lock_, blocking, timeout, where);
    }
    void release() { unlock(); }

    /// Releases the lock, waits until notified, takes the lock again, however often the caller had taken it. True:
    /// notified. False: not within `timeout`. Throws RuntimeError if the caller does not hold the lock;
    /// InterruptedError, with the lock taken again, if interrupt() ends the wait.
    THREADWISE_API bool wait(Timeout timeout = forever, SourceLocation where = SourceLocation::current());

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
        const detail::Deadline deadline(timeout);
        while (!std::invoke(predicate)) {
            if (!wait(stop, deadline.left(), where)) return static_cast<bool>(std::invoke(predicate));
        }
        return true;
    }

    /// Wakes up to `n` of those that wait, longest first. The caller must hold the lock: RuntimeError if not. Throws
    /// ValueError if `n` is negative.
    void notify(std::ptrdiff_t n = 1) {
        if (n < 0) refuse_count(n);
        wake(static_cast<std::size_t>(n));
    }

    /// Wakes all that wait.
    void notify_all() { wake(SIZE_MAX); }

private:
    /// What a condition does with its lock, whatever type it has.
    struct Operations {
        void (*lock)(void* lock, SourceLocation where);
        void (*unlock)(void* lock);
        bool (*acquire)(void* lock, bool blocking, Timeout timeout, SourceLocation where);
        bool (*is_owned)(void* lock);
        /// The owner word of a Lock or an RLock, null otherwise; and the RLock's count.
        detail::OwnerWord* (*word)(void* lock);
        std::atomic<std::uint32_t>* (*count)(void* lock);
    };

    struct Held;

    template <class OtherLock>
    static bool acquire_other(void* lock, bool blocking, Timeout timeout, SourceLocation) {
        auto& other = *static_cast<OtherLock*>(lock);
        if (blocking && timeout.is_forever()) {
            other.lock();
            return true;
        }
        if constexpr (requires {
                          { other.try_lock_for(timeout.duration()) } -> std::convertible_to<bool>;
                      }) {
            if (blocking) return other.try_lock_for(timeout.duration());
        }
        if constexpr (requires {
                          { other.try_lock() } -> std::convertible_to<bool>;
                      }) {
            if (!blocking) return other.try_lock();
        }
        refuse_acquire();
    }

    template <class OtherLock>
    static bool is_owned_other(void* lock) {
        if constexpr (requires(OtherLock & other) {
                          { other.is_owned() } -> std::convertible_to<bool>;
                      }) {
            return static_cast<OtherLock*>(lock)->is_owned();
        } else {
            return lock != nullptr;  // it cannot be asked
        }
    }

    template <class OtherLock>
    static constexpr Operations operations_of = {
        .lock = [](void* lock, SourceLocation) { static_cast<OtherLock*>(lock)->lock(); },
        .unlock = [](void* lock) { static_cast<OtherLock*>(lock)->unlock(); },
        .acquire = acquire_other<OtherLock>,
        .is_owned = is_owned_other<OtherLock>,
        .word = [](void*) -> detail::OwnerWord* { return nullptr; },
        .count = [](void*) -> std::atomic<std::uint32_t>* { return nullptr; },
    };

    bool wait_over(Held& lock, const std::stop_token& stop, std::chrono::steady_clock::time_point deadline,
                   SourceLocation where);
    THREADWISE_API void wake(std::size_t n);
    void notify_over(detail::OwnerWord& word, std::size_t n);
    [[noreturn]] THREADWISE_API static void refuse_acquire();
    [[noreturn]] THREADWISE_API static void refuse_count(std::ptrdiff_t n);

    static const Operations lock_operations;
    static const Operations rlock_operations;

    /// The condition's lock, if it has no other; what guards the waiters, if it has one that is no Lock or RLock.
    RLock own_lock_;
    void* lock_;
    const Operations* operations_;
    /// A waiter goes through these states, in this order; notify() may meet it in any.
    ///
    /// | waiters_  | spinner_  | the waiter                               | notify()                                  |
    /// |-----------|-----------|------------------------------------------|-------------------------------------------|
    /// | counts it | is it     | was the only one, and spins              | clears spinner_ and takes it from the     |
    /// |           |           |                                          | count                                     |
    /// | counts it | is not it | is in the queue at the door              | moves it to the lock's queue, or wakes it |
    /// | counts it | is not it | is in the lock's queue, or takes the     | does not find it any more                 |
    /// |           |           | lock                                     |                                           |
    ///
    /// A waiter that was not taken from the count leaves it once it has the lock again. The count changes with the lock
    /// held, but for a notify() without.
    std::atomic<std::size_t> waiters_{0};
    /// For the only waiter: the queue at the door would move more cache lines at each wait. On a cache line of its own:
    /// a waiter that polls it would take the others from the thread that holds the lock.
    alignas(64) std::atomic<runtime::ThreadRecord*> spinner_{nullptr};
};

}  // namespace threadwise
