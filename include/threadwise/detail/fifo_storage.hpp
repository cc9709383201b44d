#pragma once
// What is behind Queue: first in, first out, with a lock for those who put and another for those who get.
//
// Each side has its own cache line: its lock, its end of the chain of blocks, how many items have passed there, and
// what follows from what it last saw of the other side's count. It looks at the other side only when, going by that,
// the queue is empty or full; so in a steady flow the two sides share nothing but the items (Michael & Scott, "Simple,
// fast, and practical non-blocking and blocking concurrent queue algorithms", 1996; the remembered counts: Lamport's
// ring as improved by Lee, Bu & Chandranmenon, "MCRingBuffer", 2010).
//
// A put takes effect when it stores the put side's count, a get when it stores the get side's, each under its lock;
// that a queue is empty or full is known when the other side's count is read, as one's own cannot change meanwhile. So
// every operation takes effect at one moment between its call and its return: the queue is linearizable.
//
// Locks are taken in the order get side, put side.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "threadwise/detail/block_chain.hpp"
#include "threadwise/detail/queue_lock.hpp"
#include "threadwise/detail/queue_sleepers.hpp"
#include "threadwise/detail/queue_waiter.hpp"

namespace threadwise::detail {

template <class T>
class FifoStorage {
public:
    class Push;
    class Pop;

    /// Holds at most `limit` items.
    explicit FifoStorage(std::size_t limit) : put_side_(limit, get_side_.chain.first()), limit_(limit) {}
    FifoStorage(const FifoStorage&) = delete;
    FifoStorage& operator=(const FifoStorage&) = delete;
    ~FifoStorage() { drop_all(); }

    /// How many items have ever been put.
    std::uint64_t total() const noexcept {
        return put_side_.count.load(std::memory_order_acquire);  // acquire: pairs with the release in ~Push()
    }

    /// How many items there are, at one moment.
    std::size_t size() const noexcept {
        // acquire: the counts are read in this order. The get side's has not changed while the other was read.
        for (std::uint64_t got = get_side_.count.load(std::memory_order_acquire);;) {
            const std::uint64_t put = total();
            const std::uint64_t again = get_side_.count.load(std::memory_order_acquire);
            if (again == got) return put - got;
            got = again;
        }
    }

    bool is_shut_down() const noexcept {
        return shut_down_.load(std::memory_order_acquire);  // acquire: pairs with the release in shutdown()
    }

    /// Refuses items from now on, and drops those that are there if `immediate`; returns how many that were.
    std::size_t shutdown(bool immediate) {
        std::size_t dropped = 0;
        {
            const std::lock_guard hold_gets(get_side_.lock);
            const std::lock_guard hold_puts(put_side_.lock);
            shut_down_.store(true, std::memory_order_release);
            put_side_.until = 0;
            if (immediate) dropped = drop_all();
        }
        put_side_.getters.wake_all();
        get_side_.putters.wake_all();
        return dropped;
    }

    /// What getters wait for.
    QueueSide items() noexcept {
        return {put_side_.lock, put_side_.getters,
                [](const void* storage) noexcept {
                    const auto& self = *static_cast<const FifoStorage*>(storage);
                    return self.has_item() || self.is_shut_down();
                },
                this};
    }

    /// What putters wait for.
    QueueSide room() noexcept {
        return {get_side_.lock, get_side_.putters,
                [](const void* storage) noexcept {
                    const auto& self = *static_cast<const FifoStorage*>(storage);
                    return self.has_room() || self.is_shut_down();
                },
                this};
    }

private:
    // Cache lines are fetched in pairs. All but what is needed once in a block is in the first of a pair.
    struct alignas(128) PutSide {
        PutSide(std::size_t limit, Block<T>*& first) noexcept : until(limit), chain(first) {}

        QueueLock lock;
        QueueSleepers getters;                ///< those who sleep for an item
        std::atomic<std::uint64_t> count{0};  ///< items ever put
        std::uint64_t until;                  ///< there is room until `count` is this; 0 once shut down
        ChainBack<T> chain;
    };

    struct alignas(128) GetSide {
        QueueLock lock;
        QueueSleepers putters;                ///< those who sleep for room
        std::atomic<std::uint64_t> count{0};  ///< items ever taken out
        std::uint64_t put = 0;                ///< the put side's count, when last looked at
        ChainFront<T> chain;
    };

    // Hints, unless the lock of the side that could change the answer is held. relaxed: that lock gives the order.
    bool has_item() const noexcept {
        return get_side_.count.load(std::memory_order_relaxed) != put_side_.count.load(std::memory_order_relaxed);
    }
    bool has_room() const noexcept {
        const std::uint64_t got = get_side_.count.load(std::memory_order_relaxed);
        return put_side_.count.load(std::memory_order_relaxed) - got < limit_;
    }

    /// Under both locks, or alone.
    std::size_t drop_all() noexcept {
        // relaxed: nobody else changes them now.
        const std::uint64_t put = put_side_.count.load(std::memory_order_relaxed);
        const std::uint64_t got = get_side_.count.load(std::memory_order_relaxed);
        for (std::uint64_t i = got; i != put; ++i) {
            get_side_.chain.item(spare_);
            get_side_.chain.pop();
        }
        get_side_.put = put;
        get_side_.count.store(put, std::memory_order_release);
        return put - got;
    }

    GetSide get_side_;
    PutSide put_side_;
    alignas(64) SpareBlock<T> spare_;
    const std::size_t limit_;
    std::atomic<bool> shut_down_{false};
};

/// Puts items: begin(), then add() up to room() times. They are in the queue once it is destroyed.
template <class T>
class FifoStorage<T>::Push {
public:
    explicit Push(FifoStorage& storage) noexcept : storage_(storage), side_(storage.put_side_) {}
    Push(const Push&) = delete;
    Push& operator=(const Push&) = delete;

    Attempt begin() {
        side_.lock.lock();
        count_ = side_.count.load(std::memory_order_relaxed);  // relaxed: changes under this lock alone
        if (room() == 0) [[unlikely]] {
            // acquire: pairs with the release in ~Pop(), so that a put that waited for a get comes after it.
            const std::uint64_t got = storage_.get_side_.count.load(std::memory_order_acquire);
            side_.until = storage_.is_shut_down() ? 0 : got + storage_.limit_;
            if (room() == 0) {
                side_.lock.unlock();
                return storage_.is_shut_down() ? Attempt::shut_down : Attempt::not_now;
            }
        }
        begun_ = true;
        return Attempt::begun;
    }

    std::size_t room() const noexcept { return side_.until > count_ ? side_.until - count_ : 0; }

    void add(T&& item) {
        side_.chain.add(std::move(item), storage_.spare_);
        ++count_;
    }

    ~Push() {
        if (begun_) publish();
    }

private:
    void publish() noexcept {
        const bool added = side_.count.load(std::memory_order_relaxed) != count_;  // relaxed: as in begin()
        // release: who reads the count sees the items.
        side_.count.store(count_, std::memory_order_release);
        const bool wake = added && side_.getters.must_wake();
        side_.lock.unlock();
        if (wake) [[unlikely]]
            side_.getters.wake_one();
    }

    FifoStorage& storage_;
    PutSide& side_;
    std::uint64_t count_ = 0;
    bool begun_ = false;
};

/// Takes items out: begin(), then front() and pop() up to available() times. They are gone once it is destroyed.
template <class T>
class FifoStorage<T>::Pop {
public:
    explicit Pop(FifoStorage& storage) noexcept : storage_(storage), side_(storage.get_side_) {}
    Pop(const Pop&) = delete;
    Pop& operator=(const Pop&) = delete;

    Attempt begin() {
        side_.lock.lock();
        count_ = side_.count.load(std::memory_order_relaxed);  // relaxed: changes under this lock alone
        if (available() == 0) [[unlikely]] {
            // Asked before the last look at the count: nothing is put after the shutdown.
            const bool shut_down = storage_.is_shut_down();
            side_.put = storage_.total();
            if (available() == 0) {
                side_.lock.unlock();
                return shut_down ? Attempt::shut_down : Attempt::not_now;
            }
        }
        begun_ = true;
        return Attempt::begun;
    }

    /// How many items there are, up to `most`.
    std::size_t available(std::size_t most) noexcept {
        if (available() < most) side_.put = storage_.total();
        return std::min(available(), most);
    }

    T& front() noexcept { return side_.chain.item(storage_.spare_); }

    void pop() noexcept {
        side_.chain.pop();
        ++count_;
    }

    ~Pop() {
        if (begun_) publish();
    }

private:
    /// How many items are known to be there.
    std::size_t available() const noexcept { return side_.put - count_; }

    void publish() noexcept {
        const bool taken = side_.count.load(std::memory_order_relaxed) != count_;  // relaxed: as in begin()
        // release: who finds room by the count comes after what was done with the items' places.
        side_.count.store(count_, std::memory_order_release);
        const bool wake = taken && side_.putters.must_wake();
        side_.lock.unlock();
        if (wake) [[unlikely]]
            side_.putters.wake_one();
    }

    FifoStorage& storage_;
    GetSide& side_;
    std::uint64_t count_ = 0;
    bool begun_ = false;
};

}  // namespace threadwise::detail
