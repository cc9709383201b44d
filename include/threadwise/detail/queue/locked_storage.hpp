#pragma once
// What is behind LifoQueue and PriorityQueue: a container and one lock. An operation that runs code of the user's does
// so without the lock, but with the claim to the container (queue_claim.hpp).

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "threadwise/detail/queue/plain_item.hpp"
#include "threadwise/detail/queue/queue_claim.hpp"
#include "threadwise/detail/queue/queue_lock.hpp"
#include "threadwise/detail/queue/queue_sleepers.hpp"
#include "threadwise/detail/queue/queue_waiter.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::detail {

/// `Container` has place(const T&) and then push(T&&), T& top() and then pop(), swap(Items&), and says whether
/// place() and top() run code of the user's. If place(), push() or top() throws, it has changed nothing; pop() does not
/// throw.
template <class T, class Container>
class LockedStorage {
public:
    /// Puts items, or takes them out. `Outside` the lock, if the caller has user's code run in between.
    template <bool Outside>
    class Push;
    template <bool Outside>
    class Pop;

    /// Whether moving an item into the container or out of it may run code of the user's.
    static constexpr bool moves_outside = !moves_plainly<T> || Container::compares_outside;

    /// What shutdown() has dropped.
    using Dropped = typename Container::Items;

    /// Holds at most `limit` items.
    explicit LockedStorage(std::size_t limit, Container container = {})
        : limit_(limit), container_(std::move(container)) {}
    LockedStorage(const LockedStorage&) = delete;
    LockedStorage& operator=(const LockedStorage&) = delete;

    /// How many items have ever been put.
    std::uint64_t total() const noexcept {
        return total_.load(std::memory_order_acquire);  // acquire: pairs with the release in ~Push()
    }
    std::size_t size() const noexcept {
        return size_.load(std::memory_order_acquire);  // acquire: pairs with the release in set_size()
    }
    bool is_shut_down() const noexcept {
        return shut_down_.load(std::memory_order_acquire);  // acquire: pairs with the release in shutdown()
    }

    /// Refuses items from now on, and if `immediate` takes out those that are there. Waits for a thread that moves an
    /// item in, not for one that still compares it, and if `immediate` for one about to take one; throws RuntimeError
    /// if that is the calling thread itself.
    void shutdown(bool immediate, Dropped& dropped, const void* queue, SourceLocation where) {
        claim_.refuse_reentry();
        while (!try_shut_down(immediate, dropped)) claim_.await(lock_, queue, where);
        getters_.wake_all();
        putters_.wake_all();
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
    QueueSide get_claim() noexcept { return claim_.side(lock_); }

    /// What putters wait for.
    QueueSide room() noexcept {
        return {lock_, putters_,
                [](const void* storage) noexcept {
                    const auto& self = *static_cast<const LockedStorage*>(storage);
                    return self.size() < self.limit_ || self.is_shut_down();
                },
                this};
    }
    QueueSide put_claim() noexcept { return claim_.side(lock_); }

private:
    /// With the lock held. relaxed: it changes under the lock alone.
    std::size_t own_size() const noexcept { return size_.load(std::memory_order_relaxed); }
    /// The same. release: a thread that finds items, or room, by the size comes after what was done to the container.
    void set_size(std::size_t size) noexcept { size_.store(size, std::memory_order_release); }

    /// False: somebody has a claim that stands against it.
    bool try_shut_down(bool immediate, Dropped& dropped) noexcept {
        const std::lock_guard hold(lock_);
        closing_ = true;  // so that those that come in the meantime cannot put it off for ever
        if (claim_.is_taken() && (immediate || moving_in_)) return false;
        shut_down_.store(true, std::memory_order_release);
        if (immediate) {
            container_.swap(dropped);
            set_size(0);
        }
        return true;
    }

    QueueLock lock_;
    QueueSleepers getters_;
    QueueSleepers putters_;
    QueueClaim claim_;
    std::atomic<std::size_t> size_{0};
    std::atomic<std::uint64_t> total_{0};
    const std::size_t limit_;
    bool closing_ = false;    ///< no item is accepted any more
    bool moving_in_ = false;  ///< the claimant has been accepted, and moves an item in
    std::atomic<bool> shut_down_{false};
    Container container_;
};

/// Puts items: begin(), then add() up to places() times. They are in the queue once it is destroyed.
template <class T, class Container>
template <bool Outside>
class LockedStorage<T, Container>::Push {
public:
    explicit Push(LockedStorage& storage) noexcept : storage_(storage) {}
    Push(const Push&) = delete;
    Push& operator=(const Push&) = delete;

    Attempt begin() {
        storage_.lock_.lock();
        if (const Attempt attempt = look(); attempt != Attempt::begun) {
            storage_.lock_.unlock();
            return attempt;
        }
        begun_ = true;
        if constexpr (Outside) {
            storage_.claim_.take();
            storage_.moving_in_ = !Container::compares_outside;
            storage_.lock_.unlock();
        }
        return Attempt::begun;
    }

    std::size_t places() const noexcept { return storage_.limit_ - storage_.own_size() - added_; }

    /// False: the queue has been shut down meanwhile, and the item is as it was.
    bool add(T&& item) {
        storage_.container_.place(item);
        if constexpr (Outside && Container::compares_outside) {
            if (!is_accepted()) return false;
        }
        storage_.container_.push(std::move(item));
        ++added_;
        return true;
    }

    ~Push() {
        if (begun_) publish();
    }

private:
    Attempt look() noexcept {
        if (storage_.claim_.is_taken()) return Attempt::claimed;
        if (storage_.closing_) return Attempt::shut_down;
        return places() != 0 ? Attempt::begun : Attempt::not_now;
    }

    /// The comparisons may have taken long.
    bool is_accepted() {
        const std::lock_guard hold(storage_.lock_);
        storage_.moving_in_ = !storage_.closing_;
        return storage_.moving_in_;
    }

    void publish() noexcept {
        bool pass_claim_on = false;
        if constexpr (Outside) {
            storage_.lock_.lock();
            storage_.moving_in_ = false;
            pass_claim_on = storage_.claim_.give_back();
        }
        storage_.set_size(storage_.own_size() + added_);
        // relaxed: changes under the lock alone. release: a thread that counts the items comes after they were put.
        storage_.total_.store(storage_.total_.load(std::memory_order_relaxed) + added_, std::memory_order_release);
        const bool wake = added_ != 0 && storage_.getters_.must_wake();
        storage_.lock_.unlock();
        if (wake) storage_.getters_.wake_one();
        if constexpr (Outside) {
            if (pass_claim_on) storage_.claim_.wake_one();
        }
    }

    LockedStorage& storage_;
    std::size_t added_ = 0;
    bool begun_ = false;
};

/// Takes items out: begin(), then front() and pop() up to available() times. They are gone once it is destroyed.
template <class T, class Container>
template <bool Outside>
class LockedStorage<T, Container>::Pop {
public:
    explicit Pop(LockedStorage& storage) noexcept : storage_(storage) {}
    Pop(const Pop&) = delete;
    Pop& operator=(const Pop&) = delete;

    Attempt begin() {
        storage_.lock_.lock();
        if (const Attempt attempt = look(); attempt != Attempt::begun) {
            storage_.lock_.unlock();
            return attempt;
        }
        begun_ = true;
        if constexpr (Outside) {
            storage_.claim_.take();
            storage_.lock_.unlock();
        }
        return Attempt::begun;
    }

    /// How many items there are, up to `most`.
    std::size_t available(std::size_t most) const noexcept { return std::min(most, storage_.own_size() - taken_); }

    T& front() { return storage_.container_.top(); }

    void pop() noexcept {
        storage_.container_.pop();
        ++taken_;
    }

    ~Pop() {
        if (begun_) publish();
    }

private:
    Attempt look() noexcept {
        if (storage_.claim_.is_taken()) return Attempt::claimed;
        if (storage_.own_size() != 0) return Attempt::begun;
        return storage_.is_shut_down() ? Attempt::shut_down : Attempt::not_now;
    }

    void publish() noexcept {
        bool pass_claim_on = false;
        if constexpr (Outside) {
            storage_.lock_.lock();
            pass_claim_on = storage_.claim_.give_back();
        }
        storage_.set_size(storage_.own_size() - taken_);
        const bool wake = taken_ != 0 && storage_.putters_.must_wake();
        storage_.lock_.unlock();
        if (wake) storage_.putters_.wake_one();
        if constexpr (Outside) {
            if (pass_claim_on) storage_.claim_.wake_one();
        }
    }

    LockedStorage& storage_;
    std::size_t taken_ = 0;
    bool begun_ = false;
};

}  // namespace threadwise::detail
