#pragma once

/// \file
/// LifoQueue: last in, first out, between any number of threads (Python: `queue.LifoQueue`).

#include "threadwise/basic_queue.hpp"
#include "threadwise/detail/queue/locked_storage.hpp"
#include "threadwise/detail/queue/stack.hpp"

namespace threadwise {

/// The item that was put last comes out first. One lock for all; memory is given back as items leave.
template <class T>
class LifoQueue : public BasicQueue<T, detail::LockedStorage<T, detail::Stack<T>>> {
public:
    using BasicQueue<T, detail::LockedStorage<T, detail::Stack<T>>>::BasicQueue;
};

}  // namespace threadwise
