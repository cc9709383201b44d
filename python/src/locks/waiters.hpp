#pragma once

/// \file
/// The threads that wait in a Condition or at a Barrier, in the order in which they came.

#include <cstddef>
#include <mutex>

#include "threadwise/event.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {

/// One wait, on the stack of its thread. It stays in the queue while a signal handler runs in the middle of the wait.
class alignas(64) Waiter {
public:
    /// Waits until notified; begun anew after signals.
    bool wait(Timeout timeout) { return notified_.wait(timeout); }
    bool is_notified() const noexcept { return notified_.is_set(); }

private:
    friend class Waiters;

    Event notified_;
    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
};

/// Thread-safe; its lock is held for a few instructions, and never while anything of Python runs.
class Waiters {
public:
    void add(Waiter& waiter) {
        const std::scoped_lock hold(lock_);
        waiter.previous_ = last_;
        (last_ == nullptr ? first_ : last_->next_) = &waiter;
        last_ = &waiter;
        ++count_;
    }

    /// Takes out a waiter that goes without having been notified; does nothing if it has been. Afterwards nobody
    /// touches the waiter any more.
    void remove(Waiter& waiter) {
        if (waiter.is_notified()) return;
        const std::scoped_lock hold(lock_);
        if (!waiter.is_notified()) unlink(waiter);
    }

    /// Lets the first `n` go on.
    void notify(std::size_t n) {
        const std::scoped_lock hold(lock_);
        for (; n != 0 && first_ != nullptr; --n) {
            Waiter& waiter = *first_;
            unlink(waiter);
            waiter.notified_.set();  // and the waiter may be gone
        }
    }

    std::size_t count() {
        const std::scoped_lock hold(lock_);
        return count_;
    }

private:
    void unlink(Waiter& waiter) noexcept {
        (waiter.previous_ == nullptr ? first_ : waiter.previous_->next_) = waiter.next_;
        (waiter.next_ == nullptr ? last_ : waiter.next_->previous_) = waiter.previous_;
        --count_;
    }

    Lock lock_;
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace threadwise::python
