#pragma once
// What is behind LifoQueue and PriorityQueue: a container and one lock.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "threadwise/detail/queue_lock.hpp"
#include "threadwise/detail/queue_sleepers.hpp"
#include "threadwise/detail/queue_waiter.hpp"

namespace threadwise::detail {

/// `Container` has push(T&&), T& top(), pop(), size() and clear(). If push() or top() throws, it has changed nothing;
/// pop() follows top() and does not throw.
template <class T, class Container>
class LockedStorage {
public:
    class Push;
    class Pop;

    /// Holds at most `limit` items.
    explicit LockedStorage(std::size_t limit, Container container = {})
        : container_(std::move(container)), limit_(limit) {}
    LockedStorage(const LockedStorage&) = delete;
    LockedStorage& operator=(const LockedStorage&) = delete;

    /// How many items have ever been put.
    std::uint64_t total() const noexcept {
        return total_.load(std::memory_order_acquire);  // acquire: pairs with the release in add()
    }
    std::size_t size() const noexcept {
        return size_.load(std::memory_order_acquire);  // acquire: pairs with the release in changed()
    }
    bool is_shut_down() const noexcept {
        return shut_down_.load(std::memory_order_acquire);  // acquire: pairs with the release in shutdown()
    }

    /// Refuses items from now on, and drops those that are there if `immediate`; returns how many that were.
    std::size_t shutdown(bool immediate) {
        std::size_t dropped = 0;
        {
            const std::lock_guard hold(lock_);
            shut_down_.store(true, std::memory_order_release);
            if (immediate) {
                dropped = container_.size();
                container_.clear();
                changed();
            }
        }
        getters_.wake_all();
        putters_.wake_all();
        return dropped;
    }

    /// What getters wait for.
    QueueSide items() noexcept {
        return {lock_, getters_,
                [](const void* storage) noexcept {
                    const auto& self = *static_cast<const LockedStorage*>(storage);
                    return self.size() != 0 || self.is_shut_down();
                },
                this};
    }

    /// What putters wait for.
    QueueSide room() noexcept {
        return {lock_, putters_,
                [](const void* storage) noexcept {
                    const auto& self = *static_cast<const LockedStorage*>(storage);
                    return self.size() < self.limit_ || self.is_shut_down();
                },
                this};
    }

private:
    /// With the lock held. release: who finds items, or room, by the size comes after what was done to the container.
    void changed() noexcept { size_.store(container_.size(), std::memory_order_release); }

    QueueLock lock_;
    QueueSleepers getters_;
    QueueSleepers putters_;
    std::atomic<std::size_t> size_{0};
    std::atomic<std::uint64_t> total_{0};
    Container container_;
    const std::size_t limit_;
    std::atomic<bool> shut_down_{false};
};

/// Puts items: begin(), then add() up to room() times. They are in the queue once it is destroyed.
template <class T, class Container>
class LockedStorage<T, Container>::Push {
public:
    explicit Push(LockedStorage& storage) noexcept : storage_(storage) {}
    Push(const Push&) = delete;
    Push& operator=(const Push&) = delete;

    Attempt begin() {
        storage_.lock_.lock();
        if (!storage_.is_shut_down() && room() != 0) {
            begun_ = true;
            return Attempt::begun;
        }
        storage_.lock_.unlock();
        return storage_.is_shut_down() ? Attempt::shut_down : Attempt::not_now;
    }

    std::size_t room() const noexcept { return storage_.limit_ - storage_.container_.size(); }

    void add(T&& item) {
        storage_.container_.push(std::move(item));
        // relaxed: changes under the lock alone. release: who counts the item comes after it was put.
        storage_.total_.store(storage_.total_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        added_ = true;
    }

    ~Push() {
        if (!begun_) return;
        storage_.changed();
        const bool wake = added_ && storage_.getters_.must_wake();
        storage_.lock_.unlock();
        if (wake) storage_.getters_.wake_one();
    }

private:
    LockedStorage& storage_;
    bool begun_ = false;
    bool added_ = false;
};

/// Takes items out: begin(), then front() and pop() up to available() times. They are gone once it is destroyed.
template <class T, class Container>
class LockedStorage<T, Container>::Pop {
public:
    explicit Pop(LockedStorage& storage) noexcept : storage_(storage) {}
    Pop(const Pop&) = delete;
    Pop& operator=(const Pop&) = delete;

    Attempt begin() {
        storage_.lock_.lock();
        if (storage_.container_.size() != 0) {
            begun_ = true;
            return Attempt::begun;
        }
        const bool shut_down = storage_.is_shut_down();
        storage_.lock_.unlock();
        return shut_down ? Attempt::shut_down : Attempt::not_now;
    }

    /// How many items there are, up to `most`.
    std::size_t available(std::size_t most) const noexcept { return std::min(most, storage_.container_.size()); }

    T& front() { return storage_.container_.top(); }

    void pop() noexcept {
        storage_.container_.pop();
        taken_ = true;
    }

    ~Pop() {
        if (!begun_) return;
        storage_.changed();
        const bool wake = taken_ && storage_.putters_.must_wake();
        storage_.lock_.unlock();
        if (wake) storage_.putters_.wake_one();
    }

private:
    LockedStorage& storage_;
    bool begun_ = false;
    bool taken_ = false;
};

}  // namespace threadwise::detail
