/// Queues under one interface: each thread that puts has a Producer, each that gets a Consumer.
///
/// A queue that cannot wait is polled: some pauses between polls, then the thread gives its core away.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <thread>

#include <threadwise/queue.hpp>
#ifdef BENCH_BOOST
#include <boost/thread/sync_bounded_queue.hpp>
#include <boost/thread/sync_queue.hpp>
#endif
#ifdef BENCH_TBB
#include <tbb/concurrent_queue.h>
#endif
#ifdef BENCH_MOODYCAMEL
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/concurrentqueue.h>
#endif

namespace bench {

using Item = std::uint64_t;

/// Polls until `attempt` returns other than 0, and returns that.
template <class Attempt>
auto poll(Attempt attempt) {
    for (int polls = 0;; ++polls) {
        if (const auto result = attempt()) return result;
        if (polls < 1000) {
            __builtin_ia32_pause();
        } else {
            std::this_thread::yield();
        }
    }
}

/// A queue whose threads need nothing of their own: its put and get are theirs.
template <class Queue>
struct Shared {
    struct Producer {
        Queue& queue;
        void put(Item item) { queue.put(item); }
        void put_all(std::span<const Item> items) { queue.put_all(items); }
    };
    struct Consumer {
        Queue& queue;
        Item get() { return queue.get(); }
        std::size_t get_some(std::span<Item> items) { return queue.get_some(items); }
    };
};

class Ours : public Shared<Ours> {
public:
    explicit Ours(std::size_t bound) : queue_(static_cast<std::ptrdiff_t>(bound)) {}
    void put(Item item) { queue_.put(item); }
    Item get() { return queue_.get(); }
    void put_all(std::span<const Item> items) { queue_.put_all(items); }
    std::size_t get_some(std::span<Item> items) { return queue_.get_some(items.begin(), items.size()); }

private:
    threadwise::Queue<Item> queue_;
};

/// What everyone writes by hand.
class Naive : public Shared<Naive> {
public:
    explicit Naive(std::size_t bound) : bound_(bound == 0 ? SIZE_MAX : bound) {}

    void put(Item item) {
        {
            std::unique_lock lock(mutex_);
            not_full_.wait(lock, [this] { return items_.size() < bound_; });
            items_.push_back(item);
        }
        not_empty_.notify_one();
    }

    Item get() {
        Item item = 0;
        {
            std::unique_lock lock(mutex_);
            not_empty_.wait(lock, [this] { return !items_.empty(); });
            item = items_.front();
            items_.pop_front();
        }
        if (bound_ != SIZE_MAX) not_full_.notify_one();
        return item;
    }

    void put_all(std::span<const Item> items) {
        {
            const std::lock_guard lock(mutex_);
            items_.insert(items_.end(), items.begin(), items.end());
        }
        not_empty_.notify_all();
    }

    std::size_t get_some(std::span<Item> items) {
        std::unique_lock lock(mutex_);
        not_empty_.wait(lock, [this] { return !items_.empty(); });
        const std::size_t count = std::min(items.size(), items_.size());
        const auto end = items_.begin() + static_cast<std::ptrdiff_t>(count);
        std::copy(items_.begin(), end, items.begin());
        items_.erase(items_.begin(), end);
        return count;
    }

private:
    const std::size_t bound_;
    std::mutex mutex_;
    std::condition_variable not_empty_;
    std::condition_variable not_full_;
    std::deque<Item> items_;
};

#ifdef BENCH_BOOST
class BoostBounded : public Shared<BoostBounded> {
public:
    explicit BoostBounded(std::size_t bound) : queue_(bound) {}
    void put(Item item) { queue_.push_back(item); }
    Item get() { return queue_.pull_front(); }

private:
    boost::sync_bounded_queue<Item> queue_;
};

class Boost : public Shared<Boost> {
public:
    explicit Boost(std::size_t) {}
    void put(Item item) { queue_.push(item); }
    Item get() { return queue_.pull(); }

private:
    boost::sync_queue<Item> queue_;
};
#endif

#ifdef BENCH_TBB
class TbbBounded : public Shared<TbbBounded> {
public:
    explicit TbbBounded(std::size_t bound) {
        if (bound != 0) queue_.set_capacity(static_cast<std::ptrdiff_t>(bound));
    }
    void put(Item item) { queue_.push(item); }
    Item get() {
        Item item = 0;
        queue_.pop(item);
        return item;
    }

private:
    tbb::concurrent_bounded_queue<Item> queue_;
};

/// Polled.
class Tbb : public Shared<Tbb> {
public:
    explicit Tbb(std::size_t) {}
    void put(Item item) { queue_.push(item); }
    Item get() {
        Item item = 0;
        poll([&] { return queue_.try_pop(item); });
        return item;
    }

private:
    tbb::concurrent_queue<Item> queue_;
};
#endif

#ifdef BENCH_MOODYCAMEL
/// Polled.
class Moodycamel : public Shared<Moodycamel> {
public:
    explicit Moodycamel(std::size_t) {}
    void put(Item item) { queue_.enqueue(item); }
    Item get() {
        Item item = 0;
        poll([&] { return queue_.try_dequeue(item); });
        return item;
    }
    void put_all(std::span<const Item> items) { queue_.enqueue_bulk(items.begin(), items.size()); }
    std::size_t get_some(std::span<Item> items) {
        return poll([&] { return queue_.try_dequeue_bulk(items.begin(), items.size()); });
    }

private:
    moodycamel::ConcurrentQueue<Item> queue_;
};

/// Polled, with a token a thread.
class MoodycamelTokens {
public:
    explicit MoodycamelTokens(std::size_t) {}

    struct Producer {
        explicit Producer(MoodycamelTokens& owner) : queue(owner.queue_), token(queue) {}
        moodycamel::ConcurrentQueue<Item>& queue;
        moodycamel::ProducerToken token;
        void put(Item item) { queue.enqueue(token, item); }
        void put_all(std::span<const Item> items) { queue.enqueue_bulk(token, items.begin(), items.size()); }
    };
    struct Consumer {
        explicit Consumer(MoodycamelTokens& owner) : queue(owner.queue_), token(queue) {}
        moodycamel::ConcurrentQueue<Item>& queue;
        moodycamel::ConsumerToken token;
        Item get() {
            Item item = 0;
            poll([&] { return queue.try_dequeue(token, item); });
            return item;
        }
        std::size_t get_some(std::span<Item> items) {
            return poll([&] { return queue.try_dequeue_bulk(token, items.begin(), items.size()); });
        }
    };

private:
    moodycamel::ConcurrentQueue<Item> queue_;
};

/// The one that waits; bounded, if asked, by a semaphore of its own kind that counts the room.
class MoodycamelBlocking : public Shared<MoodycamelBlocking> {
public:
    explicit MoodycamelBlocking(std::size_t bound)
        : bounded_(bound != 0), room_(static_cast<moodycamel::LightweightSemaphore::ssize_t>(bound)) {}
    void put(Item item) {
        if (bounded_) room_.wait();
        queue_.enqueue(item);
    }
    Item get() {
        Item item = 0;
        queue_.wait_dequeue(item);
        if (bounded_) room_.signal();
        return item;
    }
    void put_all(std::span<const Item> items) { queue_.enqueue_bulk(items.begin(), items.size()); }
    std::size_t get_some(std::span<Item> items) { return queue_.wait_dequeue_bulk(items.begin(), items.size()); }

private:
    const bool bounded_;
    moodycamel::LightweightSemaphore room_;
    moodycamel::BlockingConcurrentQueue<Item> queue_;
};
#endif

}  // namespace bench
