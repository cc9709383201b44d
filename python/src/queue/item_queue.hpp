#pragma once

/// \file
/// References on their way from thread to thread: what is behind Python's queues and behind a pool.
///
/// A reference moves in or out only on a thread that is attached to the interpreter. Python's collector looks at all
/// containers twice and must not find that one has moved in between to where it does not look. So a thread that waits
/// here, detached, is told that there is an item, and takes it once it is attached again. Items that C++ has put
/// (native_item.hpp) are no objects yet, and any thread may take them.

#include <Python.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "queue/item_ring.hpp"
#include "threadwise/detail/queue/queue_lock.hpp"
#include "threadwise/detail/queue/queue_sleepers.hpp"
#include "threadwise/detail/queue/queue_waiter.hpp"

namespace threadwise::python {

using threadwise::detail::QueueLock;
using threadwise::detail::QueueSide;
using threadwise::detail::QueueSleepers;
using threadwise::detail::QueueWaiter;

/// How an attempt to put or get ended.
enum class QueueOutcome : std::uint8_t {
    done,
    not_now,    ///< the queue is full, or empty
    shut_down,  ///< and that will not change
    exposed,    ///< a program has asked for the parts: Python code keeps the items from now on
    no_memory,
    needs_python,  ///< the next item is a Python object, which only an attached thread may take
};

/// A queue of owned references with a limit, a count of unfinished tasks and a shutdown. Nothing of Python runs under
/// its lock.
class ItemQueue {
public:
    enum class Order : std::uint8_t { oldest_first, newest_first };

    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    explicit ItemQueue(Order order) noexcept : order_(order) {}
    ItemQueue(const ItemQueue&) = delete;
    ItemQueue& operator=(const ItemQueue&) = delete;

    /// Puts the item; takes over the reference if `done`.
    QueueOutcome put(PyObject* item);
    /// Gets an item, with its reference. Python's getters pass it through to_object().
    QueueOutcome get(PyObject*& item);
    /// The same, if the next item is one that C++ has put.
    QueueOutcome get_native(PyObject*& item);

    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }    // relaxed: a hint
    std::size_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }  // relaxed: as size()
    void set_limit(std::size_t limit);

    /// Whether put() would find no room now, and could find some later.
    bool is_full() const noexcept { return size() >= limit() && !has(shut_down | exposed); }
    /// Whether no put() will succeed any more; it is why.
    bool is_closed() const noexcept { return has(shut_down | exposed); }
    bool is_shut_down() const noexcept { return has(shut_down); }
    bool is_exposed() const noexcept { return has(exposed); }

    /// Nothing can be put from now on; if `immediate` the items are given to the caller, and count as finished.
    ItemRing shutdown(bool immediate);
    /// Every later attempt ends as `exposed`, those that wait now too. The items are given to the caller.
    ItemRing expose();
    /// All the items; nothing else changes.
    ItemRing take_all();

    std::size_t unfinished() const noexcept { return unfinished_.load(std::memory_order_relaxed); }  // relaxed: a hint
    void set_unfinished(std::size_t count);
    /// False: there are no unfinished tasks.
    bool task_done();

    /// What a QueueWaiter waits for: an item, room, or the last task_done().
    QueueSide items() noexcept;
    QueueSide room() noexcept;
    QueueSide completion() noexcept;

    /// For tp_traverse.
    int traverse(visitproc visit, void* arg);

    /// For an order of one's own, which nobody else changes meanwhile: Queue's lock of its order.
    ItemRing& ring() noexcept { return ring_; }
    /// put() and get() whose decisive step is `place()` or `take()`, under the lock, when there is room, or an item.
    /// They return false to leave things as they are.
    template <class Place>
    QueueOutcome put_by(Place place);
    template <class Take>
    QueueOutcome get_by(Take take);

private:
    static constexpr std::uint8_t shut_down = 1;
    static constexpr std::uint8_t exposed = 2;

    bool has(std::uint8_t flag) const noexcept {
        return (flags_.load(std::memory_order_acquire) & flag) != 0;  // acquire: what led to it is seen
    }
    ItemRing drain() noexcept;
    void wake_all() noexcept;

    QueueLock lock_;
    QueueSleepers getters_;
    QueueSleepers putters_;
    QueueSleepers joiners_;
    std::atomic<std::uint8_t> flags_{0};
    const Order order_;
    std::atomic<std::size_t> size_{0};  // of ring_, for those that do not hold the lock
    std::atomic<std::size_t> limit_{unlimited};
    std::atomic<std::size_t> unfinished_{0};
    ItemRing ring_;
};

template <class Place>
QueueOutcome ItemQueue::put_by(Place place) {
    lock_.lock();
    QueueOutcome outcome = QueueOutcome::done;
    bool wake = false;
    // relaxed, here and in get_by(): written under the lock alone, and read without it only as hints.
    if (const std::uint8_t flags = flags_.load(std::memory_order_relaxed); flags != 0) [[unlikely]] {
        outcome = (flags & exposed) != 0 ? QueueOutcome::exposed : QueueOutcome::shut_down;
    } else if (ring_.size() >= limit_.load(std::memory_order_relaxed)) {
        outcome = QueueOutcome::not_now;
    } else if (!place()) [[unlikely]] {
        outcome = QueueOutcome::no_memory;
    } else {
        size_.store(ring_.size(), std::memory_order_relaxed);
        unfinished_.store(unfinished_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        wake = getters_.must_wake();
    }
    lock_.unlock();
    if (wake) [[unlikely]]
        getters_.wake_one();
    return outcome;
}

template <class Take>
QueueOutcome ItemQueue::get_by(Take take) {
    lock_.lock();
    QueueOutcome outcome = QueueOutcome::done;
    bool wake = false;
    if (ring_.size() == 0) {
        const std::uint8_t flags = flags_.load(std::memory_order_relaxed);
        outcome = (flags & exposed) != 0 ? QueueOutcome::exposed
                  : flags != 0           ? QueueOutcome::shut_down
                                         : QueueOutcome::not_now;
    } else if (!take()) {
        outcome = QueueOutcome::needs_python;
    } else {
        size_.store(ring_.size(), std::memory_order_relaxed);
        wake = putters_.must_wake();
    }
    lock_.unlock();
    if (wake) [[unlikely]]
        putters_.wake_one();
    return outcome;
}

}  // namespace threadwise::python
