#pragma once

/// \file
/// SimpleQueue: the queue between processes with the fewest functions (Python: multiprocessing.SimpleQueue).

#include <utility>

#include "threadwise/multiprocessing/queue.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// A Queue without timeouts.
template <class T>
class SimpleQueue {
public:
    using value_type = T;

    explicit SimpleQueue(QueueOptions options = {}) : queue_(options) {}
    static SimpleQueue attach(int descriptor) { return SimpleQueue(Queue<T>::attach(descriptor)); }

    /// Puts a copy of the item, once there is room.
    void put(const T& item, SourceLocation where = SourceLocation::current()) { queue_.put(item, forever, where); }
    /// Gets the next item, once there is one.
    T get(SourceLocation where = SourceLocation::current()) { return queue_.get(forever, where); }
    /// Whether there was none a moment ago.
    bool empty() const { return queue_.empty(); }
    int fileno() const noexcept { return queue_.fileno(); }
    void close() noexcept { queue_.close(); }

private:
    explicit SimpleQueue(Queue<T> queue) noexcept : queue_(std::move(queue)) {}

    Queue<T> queue_;
};

}  // namespace threadwise::multiprocessing
