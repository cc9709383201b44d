#pragma once
// Heap sort: slower than quicksort, but never much. It only swaps, so a comparison that throws loses nothing.

#include <algorithm>
#include <iterator>

namespace threadwise::detail {

/// Makes [at, size) of a heap of `size` elements a heap, the greatest element first; [at + 1, size) is one already.
template <class Iterator, class Less>
void sift_down(Iterator first, std::iter_difference_t<Iterator> at, std::iter_difference_t<Iterator> size, Less& less) {
    for (auto child = 2 * at + 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && less(first[child], first[child + 1])) ++child;
        if (!less(first[at], first[child])) return;
        std::iter_swap(first + at, first + child);
        at = child;
    }
}

template <class Iterator, class Less>
void heap_sort(Iterator first, Iterator last, Less& less) {
    const auto size = last - first;
    for (auto at = size / 2; at > 0; --at) sift_down(first, at - 1, size, less);
    for (auto left = size; left > 1; --left) {
        std::iter_swap(first, first + (left - 1));
        sift_down(first, decltype(left)(0), left - 1, less);
    }
}

}  // namespace threadwise::detail
