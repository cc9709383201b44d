#pragma once
// Which element quicksort splits a range by.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace threadwise::detail {

/// Where the median of the three is.
template <class Iterator, class Less>
Iterator median_of(Iterator a, Iterator b, Iterator c, Less& less) {
    if (less(*b, *a)) std::swap(a, b);
    if (!less(*c, *b)) return b;
    return less(*c, *a) ? a : c;
}

/// The same; each of the three stands for `reach` elements from it on, and is replaced by a median of those.
template <class Iterator, class Less>
Iterator median_of_many(Iterator a, Iterator b, Iterator c, std::iter_difference_t<Iterator> reach, Less& less) {
    if (reach >= 8) {
        const auto part = reach / 8;
        const auto better = [&](Iterator at) { return median_of_many(at, at + 4 * part, at + 7 * part, part, less); };
        a = better(a);
        b = better(b);
        c = better(c);
    }
    return median_of(a, b, c, less);
}

/// Swaps an element that is likely to be near the median into `*first`. The range has 8 elements at least.
template <class Iterator, class Less>
void choose_pivot(Iterator first, Iterator last, Less& less) {
    const auto part = (last - first) / 8;
    const Iterator median = median_of_many(first, first + 4 * part, first + 7 * part, part, less);
    if (median != first) std::iter_swap(first, median);
}

/// Swaps some elements, so that what made the last pivot a bad one does not do so again.
template <class Iterator>
void break_pattern(Iterator first, Iterator last) {
    const auto quarter = (last - first) / 4;
    if (quarter < 8) return;
    for (std::ptrdiff_t i = 0; i < 3; ++i) {
        std::iter_swap(first + i, first + (quarter + i));
        std::iter_swap(last - (i + 1), last - (quarter + i + 1));
    }
}

}  // namespace threadwise::detail
