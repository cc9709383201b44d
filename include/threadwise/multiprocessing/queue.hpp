#pragma once

/// \file
/// Queue: first in, first out, between processes (Python: multiprocessing.Queue).
///
///     void work(multiprocessing::Queue<int> jobs, multiprocessing::Queue<std::string> results);
///
///     multiprocessing::Queue<int> jobs;
///     multiprocessing::Queue<std::string> results;
///     multiprocessing::Process worker(work, jobs, results);
///     worker.start();
///     jobs.put(7);
///     std::string answer = results.get(1s);       // throws Empty after a second
///
/// It is a ring in anonymous shared memory, which goes with the last process that has it, however that ends. It is
/// passed on as an argument of a Process; a forked child has its parent's; others get its descriptor, fileno(), and
/// attach().
///
/// **Items.** Trivially copyable ones without pointers are copied by their bytes, and strings as they are. Others
/// become bytes as the arguments of a Process do, and need cereal. An item is in the queue when put() returns: there is
/// no thread behind it that would have to be joined.
///
/// **When a process dies**, at whatever point, the others go on. An item that it was putting is in the queue whole or
/// not at all. An item that it was getting is got by another process, unless the dying one had it already: then it is
/// lost with that. No item is got twice, and none comes out of order. A wake-up that dies with a process comes to
/// another within half a second. A process that is stopped (SIGSTOP) in the middle of a put() or get() keeps others of
/// its side waiting, with their timeouts.
///
/// **Cost.** No system call while nobody sleeps, and one lock without competition if one thread puts and one gets.
/// `make bench` asks for it as `process-queue`.

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "threadwise/detail/multiprocessing/queues/item.hpp"
#include "threadwise/queue_errors.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// How much a queue holds. The memory is taken page by page, as it is used.
struct QueueOptions {
    /// The most items; 0: as many as fit into 256 KiB, or 64 if those are more.
    std::size_t maxsize = 0;
    /// For items that are not copied by their bytes: the most that all of them together become; 0: 16 MiB. A single
    /// item that becomes more than that throws ValueError.
    std::size_t bytes = 0;
};

/// One process's view of the queue; can be moved. close(), assignment and destruction are for one thread alone; the
/// other functions may be called by all threads of all processes at once. All throw ValueError after close(), and those
/// that wait for a negative timeout; what waits throws InterruptedError if interrupt() ends the wait.
///
/// What a thread did before it put an item is visible to the one that gets it.
template <class T>
class Queue {
    static_assert(std::is_object_v<T> && !std::is_const_v<T>, "an item of a queue is an object that is not const");

public:
    using value_type = T;

    /// Throws ValueError for more than can be counted, OSError if the system gives no memory.
    explicit Queue(QueueOptions options = {})
        : ring_({.item_size = detail::item_size<T>, .maxsize = options.maxsize, .bytes = options.bytes}) {}
    /// For at most that many items.
    explicit Queue(std::size_t maxsize) : Queue(QueueOptions{.maxsize = maxsize}) {}

    /// The queue behind the descriptor of another process's fileno(). Throws ValueError if there is none for items of
    /// that size.
    static Queue attach(int descriptor) { return Queue(detail::SharedRing::attach(descriptor, detail::item_size<T>)); }

    /// Puts a copy of the item, waiting for room if the queue is full. Throws Full if there was none within `timeout`.
    void put(const T& item, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        if (!detail::put_item(ring_, item, {{}, timeout, where})) throw Full();
    }
    /// The same, but false if there was no room within `timeout`, or before stop was requested.
    [[nodiscard]] bool put(std::stop_token stop, const T& item, Timeout timeout = forever,
                           SourceLocation where = SourceLocation::current()) {
        return detail::put_item(ring_, item, {std::move(stop), timeout, where});
    }
    /// Puts a copy if there is room at once: throws Full, or returns false, if there is none.
    ///@{
    void put_nowait(const T& item) { put(item, now); }
    [[nodiscard]] bool try_put(const T& item) { return put({}, item, now); }
    ///@}

    /// Gets the next item, waiting for one if the queue is empty. Throws Empty if there was none within `timeout`.
    T get(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return detail::get_item<T>(
            ring_, {{}, timeout, where}, [](T item) { return item; }, []() -> T { throw Empty(); });
    }
    /// The same, but nothing if there was no item within `timeout`, or before stop was requested.
    [[nodiscard]] std::optional<T> get(std::stop_token stop, Timeout timeout = forever,
                                       SourceLocation where = SourceLocation::current()) {
        return detail::get_item<T>(
            ring_, {std::move(stop), timeout, where}, [](T item) { return std::optional<T>(std::move(item)); },
            [] { return std::optional<T>(); });
    }
    /// Gets the next item if there is one: throws Empty, or returns nothing, if there is none.
    ///@{
    T get_nowait() { return get(now); }
    [[nodiscard]] std::optional<T> try_get() { return get(std::stop_token(), now); }
    ///@}

    /// How many items there were a moment ago, and whether there was none, or as many as there may be. (full() knows
    /// nothing of QueueOptions::bytes.)
    ///@{
    std::size_t qsize() const { return ring_.size(); }
    bool empty() const { return qsize() == 0; }
    bool full() const { return qsize() >= maxsize(); }
    ///@}
    /// The most items there can be.
    std::size_t maxsize() const { return ring_.maxsize(); }

    /// What attach() takes in another process. -1 after close().
    int fileno() const noexcept { return ring_.fileno(); }
    /// Ends this process's use of it; the others keep it.
    void close() noexcept { ring_.close(); }

protected:
    explicit Queue(detail::SharedRing ring) noexcept : ring_(std::move(ring)) {}

    detail::SharedRing& ring() noexcept { return ring_; }

private:
    static constexpr std::chrono::nanoseconds now{0};

    detail::SharedRing ring_;
};

}  // namespace threadwise::multiprocessing
