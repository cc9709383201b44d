#pragma once
// Quicksort by the workers of a pool.

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/detail/sort/quick_sort.hpp"
#include "threadwise/task_group.hpp"

namespace threadwise::detail {

/// Swaps [a, a + size) with [b, b + size), both halves side by side if a worker wants one.
template <class Iterator>
void swap_side_by_side(Iterator a, std::iter_difference_t<Iterator> size, Iterator b) {
    constexpr std::ptrdiff_t worth_splitting = 65536;
    const auto half = size / 2;
    if (size < worth_splitting || !work_is_wanted()) {
        std::swap_ranges(a, a + size, b);
        return;
    }
    TaskGroup group;
    group.run([=] { swap_side_by_side(a + half, size - half, b + half); });
    swap_side_by_side(a, half, b);
    group.wait();
}

/// As partition_range(), both halves side by side if a worker wants one.
template <bool Plain, class Iterator, class Predicate>
Iterator partition_side_by_side(Iterator first, Iterator last, Predicate& goes_left) {
    constexpr std::ptrdiff_t worth_splitting = 262144;
    if (last - first < worth_splitting || !work_is_wanted()) return partition_range<Plain>(first, last, goes_left);
    const Iterator middle = first + (last - first) / 2;
    Iterator right_cut = middle;
    TaskGroup group;
    group.run([&] { right_cut = partition_side_by_side<Plain>(middle, last, goes_left); });
    const Iterator left_cut = partition_side_by_side<Plain>(first, middle, goes_left);
    group.wait();
    const auto misplaced = std::min(middle - left_cut, right_cut - middle);
    swap_side_by_side(left_cut, misplaced, right_cut - misplaced);
    return left_cut + (right_cut - middle);
}

/// In a worker. Each right part is forked: the oldest, which are the largest, are stolen first.
template <class Iterator, class Less>
void fork_quick_sort(SortPart<Iterator> part, Less& less) {
    constexpr std::ptrdiff_t worth_forking = 4096;
    const auto partition = [](Iterator first, Iterator last, auto& goes_left) {
        return partition_side_by_side<has_plain_keys<Iterator>>(first, last, goes_left);
    };
    while (part.size() >= worth_forking) {
        const SortPart<Iterator> right = split_off_right(part, less, partition);
        if (right.size() < worth_forking) {
            quick_sort(right, less);
            continue;
        }
        TaskGroup group;  // of one task: what is thrown is one exception
        group.run([right, &less] { fork_quick_sort(right, less); });
        fork_quick_sort(part, less);
        return group.wait();
    }
    quick_sort(part, less);
}

}  // namespace threadwise::detail
