#pragma once

/// \file
/// Queue: first in, first out, between any number of threads (Python: `queue.Queue`). Like Python's module `queue` this
/// header also brings LifoQueue, PriorityQueue, SimpleQueue, Empty, Full and ShutDown.

#include "threadwise/basic_queue.hpp"
#include "threadwise/detail/queue/fifo_storage.hpp"
#include "threadwise/lifo_queue.hpp"
#include "threadwise/priority_queue.hpp"
#include "threadwise/simple_queue.hpp"

namespace threadwise {

/// Items come out in the order in which they went in; the items of one thread in the order in which it put them.
///
/// Putters and getters have a lock each and share nothing but the items while the queue is neither empty nor full. A
/// thread that is alone on its side for some hundred items takes that lock with plain stores from then on; the first
/// other one that comes pays some microseconds for it.
/// Memory is allocated in blocks of some 8 KiB as items need it, and given back as they leave: an empty queue keeps two
/// blocks at most. `T` may be any movable type.
template <class T>
class Queue : public BasicQueue<T, detail::FifoStorage<T>> {
public:
    using BasicQueue<T, detail::FifoStorage<T>>::BasicQueue;
};

}  // namespace threadwise
