#pragma once
// The calls that have a priority of their own.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/internal_lock.hpp"
#include "runtime/base/system_memory.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/queue/heap.hpp"

namespace threadwise::detail {

/// The highest priority first, first in first out among equals. One lock; O(log n). A look at an empty queue is a load.
class RankedQueue {
public:
    /// Copies the task. False: the queue is closed or unattended. Throws std::bad_alloc.
    bool push(const Task& task, int priority);
    /// As InjectionQueue's: tasks are refused while no worker attends to the queue, and for good once it is closed.
    void leave_unattended() noexcept { set_state(State::unattended); }
    void attend() noexcept { set_state(State::attended); }
    void close() noexcept { set_state(State::closed); }
    /// The same in a forked child, whatever state the queue was left in.
    void close_in_child() noexcept THREADWISE_UNCHECKED {
        lock_.reset_after_fork();
        state_ = State::closed;
    }

    /// The first, if its priority is above 0, or null. Its memory is the caller's from now on.
    Task* pop_urgent() noexcept {
        // relaxed: a hint; a thread that sleeps has looked at size() before.
        return urgent_.load(std::memory_order_relaxed) == 0 ? nullptr : pop(true);
    }
    /// The first, or null.
    Task* pop() noexcept {
        return size_.load(std::memory_order_relaxed) == 0 ? nullptr : pop(false);  // relaxed: as above
    }

    /// seq_cst: see IdleState.
    std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }

private:
    enum class State : std::uint8_t { attended, unattended, closed };

    struct Entry {
        int priority;
        Task* task;
    };
    struct Earlier {
        bool operator()(const Entry& a, const Entry& b) const noexcept { return a.priority > b.priority; }
    };

    void set_state(State state) noexcept;
    Task* pop(bool only_urgent) noexcept;

    platform::InternalLock lock_;
    State state_ THREADWISE_GUARDED_BY(lock_) = State::unattended;
    /// Not from the program's operator new, which may use the pool: the lock is held.
    Heap<Entry, Earlier, true, runtime::SystemAllocator> heap_ THREADWISE_GUARDED_BY(lock_){Earlier()};
    std::atomic<std::size_t> size_{0};
    std::atomic<std::size_t> urgent_{0};  // how many of them have a priority above 0
};

}  // namespace threadwise::detail
