#pragma once

/// \file
/// SimpleQueue: an unbounded queue without task tracking and shutdown (Python: `queue.SimpleQueue`).

#include <cstddef>
#include <optional>
#include <stop_token>
#include <utility>

#include "threadwise/basic_queue.hpp"
#include "threadwise/detail/queue/fifo_storage.hpp"

namespace threadwise {

/// First in, first out, any number of items: put() never waits. Thread-safe, as BasicQueue; as fast as an unbounded
/// Queue.
template <class T>
class SimpleQueue {
public:
    using value_type = T;

    SimpleQueue() = default;

    /// Puts an item.
    template <std::convertible_to<T> Item = T>
    void put(Item&& item) {
        queue_.put(std::forward<Item>(item));
    }

    /// The same: Python has it for the sake of those that know Queue.
    template <std::convertible_to<T> Item = T>
    void put_nowait(Item&& item) {
        queue_.put(std::forward<Item>(item));
    }

    /// As BasicQueue::get.
    T get(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return queue_.get(timeout, where);
    }

    /// As BasicQueue::get.
    [[nodiscard]] std::optional<T> get(std::stop_token stop, Timeout timeout = forever,
                                       SourceLocation where = SourceLocation::current()) {
        return queue_.get(std::move(stop), timeout, where);
    }

    /// As BasicQueue::get_nowait.
    T get_nowait() { return queue_.get_nowait(); }

    /// As BasicQueue::try_get.
    [[nodiscard]] std::optional<T> try_get() { return queue_.try_get(); }

    /// How many items there are, at one moment of the call.
    std::size_t qsize() const noexcept { return queue_.qsize(); }
    /// Whether there was none.
    bool empty() const noexcept { return queue_.empty(); }

private:
    BasicQueue<T, detail::FifoStorage<T>> queue_;
};

}  // namespace threadwise
