#pragma once

/// \file
/// PriorityQueue: the least item first, between any number of threads (Python: `queue.PriorityQueue`).

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "threadwise/basic_queue.hpp"
#include "threadwise/detail/queue/heap.hpp"
#include "threadwise/detail/queue/locked_storage.hpp"

namespace threadwise {

/// What becomes of items of which neither is less than the other.
enum class Equals {
    in_any_order,        ///< as in Python
    in_order_of_arrival  ///< first in, first out; 8 bytes more an item, and up to twice the comparisons
};

namespace detail {

/// Does not compile unless `Compare` can compare items. std::less itself claims that it can compare anything.
template <class T, class Compare>
struct CheckOrder {
    static constexpr bool compares = std::is_invocable_r_v<bool, Compare&, const T&, const T&>;
    static_assert(compares && (!std::is_same_v<Compare, std::less<T>> || requires(const T& a, const T& b) { a < b; }),
                  "threadwise::PriorityQueue: its items cannot be compared: give their type an operator<, or the queue "
                  "a Compare, as in PriorityQueue<Item, ByDate>");
};

}  // namespace detail

/// The item that `Compare` orders before all others comes out first: the least with `std::less` (not the greatest as
/// from a `std::priority_queue`). Entries are typically pairs or tuples whose first member is the priority.
///
/// One lock for all; put and get compare and move O(log n) items, under it where that runs no code of yours. What a
/// comparison throws reaches the caller and leaves the queue as it was. A comparison may look at the queue; if it puts
/// or gets, that throws RuntimeError. Memory is given back as items leave.
template <class T, class Compare = std::less<T>, Equals equals = Equals::in_any_order>
class PriorityQueue
    : private detail::CheckOrder<T, Compare>,
      public BasicQueue<T, detail::LockedStorage<T, detail::Heap<T, Compare, equals == Equals::in_order_of_arrival>>> {
    using Heap = detail::Heap<T, Compare, equals == Equals::in_order_of_arrival>;

public:
    /// As BasicQueue, with what orders the items.
    explicit PriorityQueue(std::ptrdiff_t maxsize = 0, Compare compare = {})
        : BasicQueue<T, detail::LockedStorage<T, Heap>>(maxsize, Heap(std::move(compare))) {}
};

/// A PriorityQueue that keeps items of equal priority in the order in which they were put.
template <class T, class Compare = std::less<T>>
using StablePriorityQueue = PriorityQueue<T, Compare, Equals::in_order_of_arrival>;

}  // namespace threadwise
