#pragma once
// Merge sort, by the workers of a pool if this is one: stable, and no value is lost if a comparison throws.

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/detail/sort/insertion_sort.hpp"
#include "threadwise/detail/sort/merge.hpp"
#include "threadwise/detail/sort/runs.hpp"
#include "threadwise/task_group.hpp"

namespace threadwise::detail {

/// Merges [first, middle) and [middle, last), both sorted, without memory: O(n log n) swaps.
template <class Iterator, class Less>
void merge_in_place(Iterator first, Iterator middle, Iterator last, Less& less) {
    while (first != middle && middle != last) {
        if (last - first == 2) {
            if (less(*middle, *first)) std::iter_swap(first, middle);
            return;
        }
        const bool left_is_longer = middle - first > last - middle;
        const Iterator left = left_is_longer ? first + (middle - first) / 2
                                             : std::upper_bound(first, middle, *(middle + (last - middle) / 2), less);
        const Iterator right =
            left_is_longer ? std::lower_bound(middle, last, *left, less) : middle + (last - middle) / 2;
        const Iterator joint = std::rotate(left, middle, right);
        merge_in_place(first, left, joint, less);
        first = joint;
        middle = right;
    }
}

template <class Iterator, class Less>
void merge_sort(Iterator first, Iterator last, Less& less) {
    constexpr std::ptrdiff_t few = 24;
    constexpr std::ptrdiff_t worth_forking = 4096;
    if (last - first <= few) return insertion_sort(first, last, less);
    const Iterator middle = first + (last - first) / 2;
    if (last - first >= worth_forking && work_is_wanted()) {
        TaskGroup group;
        group.run([=, &less] { merge_sort(middle, last, less); });
        merge_sort(first, middle, less);
        group.wait();
    } else {
        merge_sort(first, middle, less);
        merge_sort(middle, last, less);
    }
    if (!merge_neighbours(first, middle, last, less)) merge_in_place(first, middle, last, less);
}

/// Sorts a range whose values move without throwing. If `less` throws, the range holds the same values in some order.
template <class Iterator, class Less>
void stable_sort_keeping_all(Iterator first, Iterator last, Less& less) {
    const auto sort_part = [&less](Iterator from, Iterator to) { merge_sort(from, to, less); };
    if (!sort_by_runs(first, last, less, sort_part)) sort_part(first, last);
}

}  // namespace threadwise::detail
