#pragma once
// Pattern-defeating quicksort (Peters, 2021). In place; if the comparison throws, the range holds the same values.
//
// It differs from a textbook's quicksort in what it notices. Elements equal to the pivot of an earlier split are split
// off at once, so that few distinct values take few passes. A split that found nothing to swap hints at a sorted range:
// insertion sort is tried on both sides. Too many uneven splits lead to heap sort, so that no input takes long.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <type_traits>

#include "threadwise/detail/sort/heap_sort.hpp"
#include "threadwise/detail/sort/insertion_sort.hpp"
#include "threadwise/detail/sort/partition.hpp"
#include "threadwise/detail/sort/pivot.hpp"
#include "threadwise/detail/sort/plain_keys.hpp"
#include "threadwise/detail/sort/small_sort.hpp"

namespace threadwise::detail {

/// A part of a range that is yet to be sorted.
template <class Iterator>
struct SortPart {
    Iterator first;
    Iterator last;
    int bad_splits_left;
    bool leftmost;  ///< if not, the element before `first` is an earlier pivot, and not greater than any of these

    auto size() const { return last - first; }
};

/// The pivot as it is compared with: a copy if it is plain, so that it is not read again after each write.
template <class Iterator>
using Pivot =
    std::conditional_t<has_plain_keys<Iterator>, const std::iter_value_t<Iterator>, std::iter_reference_t<Iterator>>;

/// Splits by the pivot, `*first`: what is less comes first, then the pivot, whose position is returned, then the rest.
/// `swapped_nothing` tells whether the elements were split already.
template <class Iterator, class Less, class Partition>
Iterator split_less(Iterator first, Iterator last, Less& less, Partition& partition, bool& swapped_nothing) {
    Pivot<Iterator> pivot = *first;
    auto goes_left = [&less, &pivot](auto&& value) -> bool { return less(value, pivot); };
    Iterator left = first + 1;
    while (left < last && goes_left(*left)) ++left;
    while (left < last && !goes_left(*(last - 1))) --last;
    swapped_nothing = !(left < last);
    if (!swapped_nothing) left = partition(left, last, goes_left);
    --left;
    if (left != first) std::iter_swap(first, left);
    return left;
}

/// Moves the pivot, `*first`, and what is not greater to the front; returns the first element that is greater.
template <class Iterator, class Less, class Partition>
Iterator split_not_greater(Iterator first, Iterator last, Less& less, Partition& partition) {
    Pivot<Iterator> pivot = *first;
    auto goes_left = [&less, &pivot](auto&& value) -> bool { return !less(pivot, value); };
    return partition(first + 1, last, goes_left);
}

/// Splits a part once. Leaves its left part there and returns the right one; both may be empty.
template <class Iterator, class Less, class Partition>
SortPart<Iterator> split_off_right(SortPart<Iterator>& part, Less& less, Partition partition) {
    const SortPart<Iterator> nothing{part.last, part.last, 0, false};
    const auto eighth = part.size() / 8;
    choose_pivot(part.first, part.last, less);
    if (!part.leftmost && !less(*(part.first - 1), *part.first)) {
        part.first = split_not_greater(part.first, part.last, less, partition);
        return nothing;
    }
    bool swapped_nothing = false;
    const Iterator pivot = split_less(part.first, part.last, less, partition, swapped_nothing);
    SortPart<Iterator> right{pivot + 1, part.last, part.bad_splits_left, false};
    part.last = pivot;
    if (std::min(part.size(), right.size()) < eighth) {
        if (part.bad_splits_left == 0) {
            heap_sort(part.first, part.last, less);
            heap_sort(right.first, right.last, less);
            part = nothing;
            return nothing;
        }
        right.bad_splits_left = --part.bad_splits_left;
        break_pattern(part.first, part.last);
        break_pattern(right.first, right.last);
    } else if (swapped_nothing && try_insertion_sort(part.first, part.last, less) &&
               try_insertion_sort(right.first, right.last, less)) {
        part = nothing;
        return nothing;
    }
    return right;
}

/// As many as are sorted without splitting.
template <class Iterator>
inline constexpr std::ptrdiff_t few_to_sort = has_plain_keys<Iterator> ? small_sort_size : 16;

/// Sorts a part on this thread.
template <class Iterator, class Less>
void quick_sort(SortPart<Iterator> part, Less& less) {
    constexpr bool plain = has_plain_keys<Iterator>;
    const auto partition = [](Iterator first, Iterator last, auto& goes_left) {
        return partition_range<plain>(first, last, goes_left);
    };
    while (part.size() > few_to_sort<Iterator>) quick_sort(split_off_right(part, less, partition), less);
    if constexpr (plain) {
        small_sort(part.first, part.last, less);
    } else {
        insertion_sort(part.first, part.last, less);
    }
}

/// The whole of a range.
template <class Iterator>
SortPart<Iterator> whole_range(Iterator first, Iterator last) {
    return {first, last, static_cast<int>(std::bit_width(static_cast<std::size_t>(last - first))), true};
}

}  // namespace threadwise::detail
