#pragma once
// What is behind Queue: first in, first out, with a lock for those that put and another for those that get.
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
// Locks are taken in the order get side, put side. An operation that runs code of the user's does so without its side's
// lock, but with the claim to that side (queue_claim.hpp); while a side is claimed, what the others go by says that the
// queue is full, or empty, so that they come to look at the claim by the same branch.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "threadwise/detail/queue/block_chain.hpp"
#include "threadwise/detail/queue/plain_item.hpp"
#include "threadwise/detail/queue/queue_claim.hpp"
#include "threadwise/detail/queue/queue_lock.hpp"
#include "threadwise/detail/queue/queue_sleepers.hpp"
#include "threadwise/detail/queue/queue_waiter.hpp"

namespace threadwise::detail {

template <class T>
class FifoStorage {
public:
    /// Puts items, or takes them out. `Outside` the side's lock, if the caller has user's code run in between.
    template <bool Outside>
    class Push;
    template <bool Outside>
    class Pop;

    /// Whether moving an item into the queue or out of it may run code of the user's.
    static constexpr bool moves_outside = !moves_plainly<T>;

    /// What shutdown() has dropped.
    using Dropped = DroppedChain<T>;

    /// Holds at most `limit` items.
    explicit FifoStorage(std::size_t limit) : put_side_(limit, get_side_.chain.first()), limit_(limit) {}
    FifoStorage(const FifoStorage&) = delete;
    FifoStorage& operator=(const FifoStorage&) = delete;
    ~FifoStorage() {
        Dropped dropped;
        drop_all(dropped);
    }

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

    /// Refuses items from now on, and if `immediate` takes out those that are there. Waits for a thread about to put
    /// an item, and if `immediate` for one about to take one; throws RuntimeError if that is the calling thread itself.
    void shutdown(bool immediate, Dropped& dropped, const void* queue, SourceLocation where) {
        put_side_.claim.refuse_reentry();
        if (immediate) get_side_.claim.refuse_reentry();
        {
            // First, so that those that come in the meantime cannot put it off for ever.
            const std::lock_guard hold(put_side_.lock);
            put_side_.closing = true;
            put_side_.until = 0;
        }
        while (!try_shut_down(immediate, dropped)) {
            put_side_.claim.await(put_side_.lock, queue, where);
            if (immediate) get_side_.claim.await(get_side_.lock, queue, where);
        }
        put_side_.getters.wake_all();
        get_side_.putters.wake_all();
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
    QueueSide get_claim() noexcept { return get_side_.claim.side(get_side_.lock); }

    /// What putters wait for.
    QueueSide room() noexcept {
        return {get_side_.lock, get_side_.putters,
                [](const void* storage) noexcept {
                    const auto& self = *static_cast<const FifoStorage*>(storage);
                    return self.has_room() || self.is_shut_down();
                },
                this};
    }
    QueueSide put_claim() noexcept { return put_side_.claim.side(put_side_.lock); }

private:
    // Cache lines are fetched in pairs. All but what is needed once in a block, or by a claim, is in the first of a
    // pair.
    struct alignas(128) PutSide {
        PutSide(std::size_t limit, Block<T>*& first) noexcept : until(limit), chain(first) {}

        QueueLock lock;
        QueueSleepers getters;                ///< those that sleep for an item
        std::atomic<std::uint64_t> count{0};  ///< items ever put
        std::uint64_t until;                  ///< there is room until `count` is this; 0 while claimed, or shut down
        ChainBack<T> chain;
        QueueClaim claim;
        bool closing = false;  ///< no claim and no item is accepted any more
    };

    struct alignas(128) GetSide {
        QueueLock lock;
        QueueSleepers putters;                ///< those that sleep for room
        std::atomic<std::uint64_t> count{0};  ///< items ever taken out
        std::uint64_t put = 0;                ///< the put side's count, when last looked at; `count` while claimed
        ChainFront<T> chain;
        QueueClaim claim;
    };

    // Hints, unless the lock of the side that could change the answer is held. relaxed: that lock gives the order.
    bool has_item() const noexcept {
        return get_side_.count.load(std::memory_order_relaxed) != put_side_.count.load(std::memory_order_relaxed);
    }
    bool has_room() const noexcept {
        const std::uint64_t got = get_side_.count.load(std::memory_order_relaxed);
        return put_side_.count.load(std::memory_order_relaxed) - got < limit_;
    }

    /// False: somebody has a claim that stands against it.
    bool try_shut_down(bool immediate, Dropped& dropped) noexcept {
        const std::lock_guard hold_gets(get_side_.lock);
        const std::lock_guard hold_puts(put_side_.lock);
        if (put_side_.claim.is_taken() || (immediate && get_side_.claim.is_taken())) return false;
        shut_down_.store(true, std::memory_order_release);
        if (immediate) drop_all(dropped);
        return true;
    }

    /// Under both locks, or alone.
    void drop_all(Dropped& dropped) noexcept {
        // relaxed: nobody else changes them now.
        const std::uint64_t put = put_side_.count.load(std::memory_order_relaxed);
        const std::uint64_t got = get_side_.count.load(std::memory_order_relaxed);
        dropped.take_over(get_side_.chain, put - got);
        put_side_.chain.restart(get_side_.chain.first());
        get_side_.put = put;
        get_side_.count.store(put, std::memory_order_release);
    }

    GetSide get_side_;
    PutSide put_side_;
    alignas(64) SpareBlock<T> spare_;
    const std::size_t limit_;
    std::atomic<bool> shut_down_{false};
};

/// Puts items: begin(), then add() up to places() times. They are in the queue once it is destroyed.
template <class T>
template <bool Outside>
class FifoStorage<T>::Push {
public:
    explicit Push(FifoStorage& storage) noexcept : storage_(storage), side_(storage.put_side_) {}
    Push(const Push&) = delete;
    Push& operator=(const Push&) = delete;

    Attempt begin() {
        side_.lock.lock();
        count_ = side_.count.load(std::memory_order_relaxed);  // relaxed: changes under this lock alone
        if (places() == 0) [[unlikely]] {
            if (const Attempt attempt = look(); attempt != Attempt::begun) {
                side_.lock.unlock();
                return attempt;
            }
        }
        if constexpr (Outside) {
            side_.claim.take();
            until_ = std::exchange(side_.until, 0);
            side_.lock.unlock();
        }
        begun_ = true;
        return Attempt::begun;
    }

    std::size_t places() const noexcept {
        const std::uint64_t until = Outside && begun_ ? until_ : side_.until;
        return until > count_ ? until - count_ : 0;
    }

    /// True: it cannot be refused any more.
    bool add(T&& item) {
        side_.chain.add(std::move(item), storage_.spare_);
        ++count_;
        return true;
    }

    ~Push() {
        if (begun_) publish();
    }

private:
    /// There is no room, going by what the side remembers.
    Attempt look() noexcept {
        if (side_.claim.is_taken()) return Attempt::claimed;
        if (side_.closing) return Attempt::shut_down;
        // acquire: pairs with the release in ~Pop(), so that a put that waited for a get comes after it.
        const std::uint64_t got = storage_.get_side_.count.load(std::memory_order_acquire);
        side_.until = got + std::min<std::uint64_t>(storage_.limit_, UINT64_MAX - got);
        return places() != 0 ? Attempt::begun : Attempt::not_now;
    }

    void publish() noexcept {
        bool pass_claim_on = false;
        if constexpr (Outside) {
            side_.lock.lock();
            side_.until = side_.closing ? 0 : until_;
            pass_claim_on = side_.claim.give_back();
        }
        const bool added = side_.count.load(std::memory_order_relaxed) != count_;  // relaxed: as in begin()
        // release: a thread that reads the count sees the items.
        side_.count.store(count_, std::memory_order_release);
        const bool wake = added && side_.getters.must_wake();
        side_.lock.unlock();
        if (wake) [[unlikely]]
            side_.getters.wake_one();
        if constexpr (Outside) {
            if (pass_claim_on) side_.claim.wake_one();
        }
    }

    FifoStorage& storage_;
    PutSide& side_;
    std::uint64_t count_ = 0;
    std::uint64_t until_ = 0;  ///< the side's, while it is claimed
    bool begun_ = false;
};

/// Takes items out: begin(), then front() and pop() up to available() times. They are gone once it is destroyed.
template <class T>
template <bool Outside>
class FifoStorage<T>::Pop {
public:
    explicit Pop(FifoStorage& storage) noexcept : storage_(storage), side_(storage.get_side_) {}
    Pop(const Pop&) = delete;
    Pop& operator=(const Pop&) = delete;

    Attempt begin() {
        side_.lock.lock();
        count_ = side_.count.load(std::memory_order_relaxed);  // relaxed: changes under this lock alone
        if (side_.put == count_) [[unlikely]] {
            if (const Attempt attempt = look(); attempt != Attempt::begun) {
                side_.lock.unlock();
                return attempt;
            }
        }
        begun_ = true;
        if constexpr (Outside) {
            side_.claim.take();
            put_ = std::exchange(side_.put, count_);
            side_.lock.unlock();
        }
        return Attempt::begun;
    }

    /// How many items there are, up to `most`.
    std::size_t available(std::size_t most) noexcept {
        std::uint64_t& put = Outside ? put_ : side_.put;
        if (put - count_ < most) put = storage_.total();
        return std::min<std::size_t>(put - count_, most);
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
    /// There is no item, going by what the side remembers.
    Attempt look() noexcept {
        if (side_.claim.is_taken()) return Attempt::claimed;
        // Asked before the last look at the count: nothing is put after the shutdown.
        const bool shut_down = storage_.is_shut_down();
        side_.put = storage_.total();
        if (side_.put != count_) return Attempt::begun;
        return shut_down ? Attempt::shut_down : Attempt::not_now;
    }

    void publish() noexcept {
        bool pass_claim_on = false;
        if constexpr (Outside) {
            side_.lock.lock();
            side_.put = put_;
            pass_claim_on = side_.claim.give_back();
        }
        const bool taken = side_.count.load(std::memory_order_relaxed) != count_;  // relaxed: as in begin()
        // release: a thread that finds capacity by the count comes after what was done with the items' slots.
        side_.count.store(count_, std::memory_order_release);
        const bool wake = taken && side_.putters.must_wake();
        side_.lock.unlock();
        if (wake) [[unlikely]]
            side_.putters.wake_one();
        if constexpr (Outside) {
            if (pass_claim_on) side_.claim.wake_one();
        }
    }

    FifoStorage& storage_;
    GetSide& side_;
    std::uint64_t count_ = 0;
    std::uint64_t put_ = 0;  ///< the side's, while it is claimed
    bool begun_ = false;
};

}  // namespace threadwise::detail
