#pragma once

/// \file
/// JoinableQueue: a Queue between processes that can be waited for until the work on all its items is complete (Python:
/// multiprocessing.JoinableQueue).

#include <stop_token>
#include <utility>

#include "threadwise/multiprocessing/queue.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// As Queue. At most 2^31 - 1 items may be unfinished.
template <class T>
class JoinableQueue : public Queue<T> {
public:
    using Queue<T>::Queue;

    static JoinableQueue attach(int descriptor) {
        return JoinableQueue(detail::SharedRing::attach(descriptor, detail::item_size<T>));
    }

    /// Says that the work on an item that was got is complete. Throws ValueError if called more often than items were
    /// put.
    void task_done() { this->ring().task_done(); }

    /// Waits until task_done() has been called for every item that was put: true; false: not within the timeout, or
    /// before stop was requested. A process that dies between get() and task_done() leaves its item unfinished for
    /// good: give a timeout.
    bool join(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return this->ring().join({{}, timeout, where});
    }
    bool join(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return this->ring().join({std::move(stop), timeout, where});
    }

private:
    explicit JoinableQueue(detail::SharedRing ring) noexcept : Queue<T>(std::move(ring)) {}
};

}  // namespace threadwise::multiprocessing
