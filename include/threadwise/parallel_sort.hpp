#pragma once
// parallel_sort and parallel_stable_sort: sort a range on several cores.

#include <cstddef>
#include <functional>
#include <iterator>
#include <numeric>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/detail/sort/merge_sort.hpp"
#include "threadwise/detail/sort/sort.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// Moves the element at `order[i]` to `i`, for all i. If a move throws that leaves both its sides as they were, the
/// range holds the same values in some order.
template <class Iterator, class Position>
void arrange(Iterator first, std::vector<Position>& order) {
    for (Position start = 0; static_cast<std::size_t>(start) < order.size(); ++start) {
        if (order[static_cast<std::size_t>(start)] == start) continue;
        std::iter_value_t<Iterator> value(std::move(first[start]));
        Position gap = start;
        try {
            for (;;) {
                const Position from = std::exchange(order[static_cast<std::size_t>(gap)], gap);
                if (from == start) break;
                first[gap] = std::move(first[from]);
                gap = from;
            }
            first[gap] = std::move(value);
        } catch (...) {
            first[gap] = std::move(value);
            throw;
        }
    }
}

/// How parallel_sort() sorts values that move without throwing, and how parallel_stable_sort() does.
struct AnyOrder {
    template <class Iterator, class Less>
    static void sort(Iterator first, Iterator last, Less& less) {
        sort_keeping_all(first, last, less);
    }
};
struct StableOrder {
    template <class Iterator, class Less>
    static void sort(Iterator first, Iterator last, Less& less) {
        stable_sort_keeping_all(first, last, less);
    }
};

/// For values whose moves may throw: they are moved as little as possible, when their order is known.
template <class Order, class Iterator, class Less>
void sort_positions_inside(Iterator first, Iterator last, Less& less) {
    using Position = std::iter_difference_t<Iterator>;
    std::vector<Position> order(static_cast<std::size_t>(last - first));
    std::iota(order.begin(), order.end(), Position(0));
    auto less_at = [&](Position a, Position b) -> bool { return less(first[a], first[b]); };
    Order::sort(order.begin(), order.end(), less_at);
    arrange(first, order);
}

template <class Order, class Range, class Less>
void sort_range_inside(Range& range, Less& less) {
    const auto first = std::ranges::begin(range);
    const auto last = first + std::ranges::distance(range);
    using Value = std::ranges::range_value_t<Range>;
    if constexpr (std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_move_assignable_v<Value>) {
        Order::sort(first, last, less);
    } else {
        sort_positions_inside<Order>(first, last, less);
    }
}

/// `executor` null: in the pool that this thread belongs to, or else in the default one. Too little for several workers
/// is sorted here.
template <class Order, class Range, class Less>
void sort_by(ThreadPoolExecutor* executor, Range& range, Less& less) {
    constexpr std::ptrdiff_t little = has_plain_keys<std::ranges::iterator_t<Range>> ? 4096 : 1024;
    if (std::ranges::distance(range) < little) {
        sort_range_inside<Order>(range, less);
    } else {
        run_inside(executor, [&] { sort_range_inside<Order>(range, less); });
    }
}

/// Equal integers are the same: nobody can tell in which order they are.
template <class Value, class Less>
using OrderOfEquals = std::conditional_t<std::is_integral_v<Value> && (std::is_same_v<Less, std::less<>> ||
                                                                       std::is_same_v<Less, std::less<Value>>),
                                         AnyOrder, StableOrder>;

}  // namespace detail

/// Sorts as std::sort does: not stable, O(n log n) comparisons at most. Returns when the range is sorted. `less` is
/// called by several threads at once.
///
/// A pattern-defeating quicksort: nearly sorted and reversed ranges, sorted ones with something put before or behind,
/// and those of few distinct values take much less time than others. In place: it needs no memory but up to half as
/// much as the range takes for the first three of these, as much again for long runs side by side, and does without if
/// there is none; values whose moves may throw need 8 bytes each. Small trivial values in an array are sorted without
/// branches that depend on them, two to three times as fast as by std::sort.
/// Ranges too small for several threads are sorted by the caller, also if the pool has been shut down.
///
/// Values are moved or swapped, never copied unless trivial. Throws what `less` throws, one of
/// the exceptions if there are several; the range then holds the same values in some order. The same holds if a move
/// throws that leaves both its sides as they were, and if `less` is no strict weak ordering.
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(ThreadPoolExecutor& executor, Range&& range, Less less = {}) {
    detail::sort_by<detail::AnyOrder>(&executor, range, less);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(Range&& range, Less less = {}) {
    detail::sort_by<detail::AnyOrder>(nullptr, range, less);
}

/// Sorts as std::stable_sort does: elements of which neither is less stay in the order in which they are. A merge sort:
/// O(n log n) comparisons, and memory for half of the range, or for all of it where two workers merge; without memory
/// it takes O(n log^2 n) swaps instead. Sorted and reversed ranges, and sorted ones with something put before or
/// behind, take O(n). Otherwise as parallel_sort(), exceptions included.
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_stable_sort(ThreadPoolExecutor& executor, Range&& range, Less less = {}) {
    detail::sort_by<detail::OrderOfEquals<std::ranges::range_value_t<Range>, Less>>(&executor, range, less);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_stable_sort(Range&& range, Less less = {}) {
    detail::sort_by<detail::OrderOfEquals<std::ranges::range_value_t<Range>, Less>>(nullptr, range, less);
}

}  // namespace threadwise
