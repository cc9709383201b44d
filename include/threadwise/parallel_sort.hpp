#pragma once
// parallel_sort: sorts a range on several cores.

#include <cstddef>
#include <functional>
#include <iterator>
#include <numeric>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/pool/parallel.hpp"
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

/// For values whose moves may throw: they are moved as little as possible, when their order is known.
template <class Iterator, class Less>
void sort_positions_inside(Iterator first, Iterator last, Less& less) {
    using Position = std::iter_difference_t<Iterator>;
    std::vector<Position> order(static_cast<std::size_t>(last - first));
    std::iota(order.begin(), order.end(), Position(0));
    auto less_at = [&](Position a, Position b) -> bool { return less(first[a], first[b]); };
    sort_keeping_all(order.begin(), order.end(), less_at);
    arrange(first, order);
}

template <class Range, class Less>
void sort_range_inside(Range&& range, Less& less) {
    const auto first = std::ranges::begin(range);
    const auto last = first + std::ranges::distance(range);
    using Value = std::ranges::range_value_t<Range>;
    if constexpr (std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_move_assignable_v<Value>) {
        sort_keeping_all(first, last, less);
    } else {
        sort_positions_inside(first, last, less);
    }
}

/// Calls `inside(work)`, which takes the work to the workers; or does it here if it is too little for several.
template <class Range, class Less, class Inside>
void sort_range(Range&& range, Less& less, Inside inside) {
    using Iterator = std::ranges::iterator_t<Range>;
    constexpr std::ptrdiff_t little = has_plain_keys<Iterator> ? 4096 : 1024;
    if (std::ranges::distance(range) < little) {
        sort_range_inside(range, less);
    } else {
        inside([&] { sort_range_inside(range, less); });
    }
}

}  // namespace detail

/// Sorts as std::sort does: not stable, O(n log n) comparisons at most. Returns when the range is sorted. `less` is
/// called by several threads at once.
///
/// A pattern-defeating quicksort: nearly sorted and reversed ranges, sorted ones with something put before or behind,
/// and those of few distinct values take much less time than others. In place: it needs no memory but up to half as
/// much as the range takes for the first three of these, as much again for long runs side by side, and does without if
/// there is none; values whose moves may throw need 8 bytes each. Small trivial values in an array are sorted without
/// branches that depend on them, two to three times as fast as by std::sort.
/// Ranges too small for several threads are sorted by the caller.
///
/// Values are moved or swapped, never copied unless trivial. Throws what `less` throws, one of
/// the exceptions if there are several; the range then holds the same values in some order. The same holds if a move
/// throws that leaves both its sides as they were, and if `less` is no strict weak ordering.
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(ThreadPoolExecutor& executor, Range&& range, Less less = {}) {
    detail::sort_range(range, less, [&](auto&& work) { detail::run_inside(executor, work); });
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(Range&& range, Less less = {}) {
    detail::sort_range(range, less, [](auto&& work) { detail::run_inside(work); });
}

}  // namespace threadwise
