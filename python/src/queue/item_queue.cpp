#include "queue/item_queue.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "queue/native_item.hpp"

namespace threadwise::python {
namespace {

/// What Python does with each item takes a while.
constexpr bool are_fast = false;

}  // namespace

QueueOutcome ItemQueue::put(PyObject* item) {
    return put_by([&] { return ring_.push(item); });
}

QueueOutcome ItemQueue::get(PyObject*& item) {
    return get_by([&] {
        item = order_ == Order::oldest_first ? ring_.pop_oldest() : ring_.pop_newest();
        return true;
    });
}

QueueOutcome ItemQueue::get_native(PyObject*& item) {
    return get_by([&] {
        if (!is_native(ring_[order_ == Order::oldest_first ? 0 : ring_.size() - 1])) return false;
        item = order_ == Order::oldest_first ? ring_.pop_oldest() : ring_.pop_newest();
        return true;
    });
}

void ItemQueue::set_limit(std::size_t limit) {
    {
        const std::lock_guard hold(lock_);
        limit_.store(limit, std::memory_order_relaxed);  // relaxed: decides only under the lock
    }
    putters_.wake_all();
}

ItemRing ItemQueue::shutdown(bool immediate) {
    ItemRing dropped = [&] {
        const std::lock_guard hold(lock_);
        flags_.fetch_or(shut_down, std::memory_order_release);  // release: pairs with has()
        if (!immediate) return ItemRing();
        ItemRing items = drain();
        // relaxed: as in put_by()
        const std::size_t unfinished = unfinished_.load(std::memory_order_relaxed);
        unfinished_.store(unfinished - std::min(unfinished, items.size()), std::memory_order_relaxed);
        return items;
    }();
    wake_all();
    return dropped;
}

ItemRing ItemQueue::expose() {
    ItemRing items = [&] {
        const std::lock_guard hold(lock_);
        flags_.fetch_or(exposed, std::memory_order_release);  // release: pairs with has()
        return drain();
    }();
    wake_all();
    return items;
}

ItemRing ItemQueue::take_all() {
    const std::lock_guard hold(lock_);
    return drain();
}

ItemRing ItemQueue::drain() noexcept {
    ItemRing items(std::move(ring_));
    size_.store(0, std::memory_order_relaxed);  // relaxed: as in put_by()
    return items;
}

void ItemQueue::wake_all() noexcept {
    getters_.wake_all();
    putters_.wake_all();
    joiners_.wake_all();
}

void ItemQueue::set_unfinished(std::size_t count) {
    {
        const std::lock_guard hold(lock_);
        unfinished_.store(count, std::memory_order_relaxed);  // relaxed: as in put_by()
    }
    if (count == 0) joiners_.wake_all();
}

bool ItemQueue::task_done() {
    bool wake = false;
    {
        const std::lock_guard hold(lock_);
        const std::size_t unfinished = unfinished_.load(std::memory_order_relaxed);  // relaxed: as in put_by()
        if (unfinished == 0) return false;
        unfinished_.store(unfinished - 1, std::memory_order_relaxed);
        wake = unfinished == 1 && joiners_.must_wake();
    }
    if (wake) joiners_.wake_all();
    return true;
}

QueueSide ItemQueue::items() noexcept {
    return {lock_, getters_,
            [](const void* queue) noexcept {
                const auto& self = *static_cast<const ItemQueue*>(queue);
                return self.size() != 0 || self.has(shut_down | exposed);
            },
            this, are_fast};
}

QueueSide ItemQueue::room() noexcept {
    return {lock_, putters_,
            [](const void* queue) noexcept {
                const auto& self = *static_cast<const ItemQueue*>(queue);
                return self.size() < self.limit() || self.has(shut_down | exposed);
            },
            this, are_fast};
}

QueueSide ItemQueue::completion() noexcept {
    return {lock_, joiners_,
            [](const void* queue) noexcept {
                const auto& self = *static_cast<const ItemQueue*>(queue);
                return self.unfinished() == 0 || self.has(exposed);
            },
            this, are_fast};
}

int ItemQueue::traverse(visitproc visit, void* arg) {
    // C++ threads may put meanwhile. Who holds the lock waits for nothing, so that this is safe in the collector.
    const std::lock_guard hold(lock_);
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        if (!is_native(ring_[i])) Py_VISIT(ring_[i]);
    }
    return 0;
}

}  // namespace threadwise::python
