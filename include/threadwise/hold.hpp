#pragma once
// hold: takes a lock until the end of the scope (Python: `with lock:`).
//
//     Lock lock;
//     {
//         const auto held = threadwise::hold(lock);
//         total += amount;
//     }
//
// It does what std::scoped_lock does with one lock, at the same cost. But where a thread waits for the lock, dump()
// names the line that called hold(): a guard of the standard library's would show a line of the standard library's.
//
// For several locks at once, without a deadlock: `std::scoped_lock held(a, b)`.

#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {
namespace detail {

/// How hold() takes and releases.
struct Exclusively {
    template <class Lockable>
    static void take(Lockable& lock, const SourceLocation& where) {
        if constexpr (requires { lock.lock(where); }) {
            lock.lock(where);
        } else if constexpr (requires { lock.lock(); }) {
            lock.lock();
        } else {
            static_assert(
                requires { lock.acquire(true, forever, where); },
                "threadwise::hold() takes what has lock() and unlock(), or a semaphore: this type has neither");
            lock.acquire(true, forever, where);
        }
    }
    template <class Lockable>
    static void release(Lockable& lock) {
        if constexpr (requires { lock.unlock(); }) {
            lock.unlock();
        } else {
            lock.release();
        }
    }
};

/// How hold_shared() does.
struct Shared {
    template <class Lockable>
    static void take(Lockable& lock, const SourceLocation& where) {
        if constexpr (requires { lock.lock_shared(where); }) {
            lock.lock_shared(where);
        } else {
            static_assert(
                requires { lock.lock_shared(); },
                "threadwise::hold_shared() takes what has lock_shared() and unlock_shared(), such as a SharedLock");
            lock.lock_shared();
        }
    }
    template <class Lockable>
    static void release(Lockable& lock) {
        lock.unlock_shared();
    }
};

}  // namespace detail

/// What hold() and hold_shared() return: has the lock until it goes, or until unlock(). May be moved, then the new one
/// has it. For one thread. The lock must outlive it, and be released through it alone: if the lock is not held when the
/// guard goes, the program is terminated.
template <class Lockable, class How>
class [[nodiscard("the lock is released as soon as the guard goes: keep it in a variable")]] Hold {
public:
    explicit Hold(Lockable & lock, SourceLocation where = SourceLocation::current()) : lock_(&lock) {
        How::take(lock, where);
    }
    Hold(Hold && other) noexcept : lock_(other.lock_), owns_(std::exchange(other.owns_, false)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
        if (owns_) How::release(*lock_);
    }

    /// Releases the lock before the end of the scope. Throws what the lock's release throws.
    void unlock() {
        owns_ = false;
        How::release(*lock_);
    }

    /// Takes it again.
    void lock(SourceLocation where = SourceLocation::current()) {
        How::take(*lock_, where);
        owns_ = true;
    }

    bool owns_lock() const noexcept { return owns_; }

private:
    Lockable* lock_;
    bool owns_ = true;
};

/// Takes the lock, waiting for it, and returns a guard that releases it. For anything with lock() and unlock(): Lock,
/// RLock, SharedLock (to write), Condition, InterpreterLock, the standard's mutexes, a lock of yours. Of a Semaphore or
/// BoundedSemaphore it takes one permit. Condition::wait() works as usual in the scope.
///
/// Throws what taking the lock throws: InterruptedError if interrupt() ends the wait.
template <class Lockable>
Hold<Lockable, detail::Exclusively> hold(Lockable& lock, SourceLocation where = SourceLocation::current()) {
    return Hold<Lockable, detail::Exclusively>(lock, where);
}

/// The same to read: with lock_shared() and unlock_shared(), as SharedLock has.
template <class Lockable>
Hold<Lockable, detail::Shared> hold_shared(Lockable& lock, SourceLocation where = SourceLocation::current()) {
    return Hold<Lockable, detail::Shared>(lock, where);
}

}  // namespace threadwise
