#pragma once
// Sorts a few plain keys without branches that depend on them, nor a key lost if the comparison throws: fours by a
// sorting network, then merged from both ends. The merge from both ends is that of Peters' and Bergdoll's sorts (2022):
// its two ends do not depend on each other, and its number of steps is known.

#include <algorithm>
#include <array>
#include <cstddef>

#include "threadwise/detail/sort/insertion_sort.hpp"

namespace threadwise::detail {

/// Most keys that small_sort() takes.
inline constexpr std::ptrdiff_t small_sort_size = 32;

template <class T, class Less>
void order_two(T& a, T& b, Less& less) {
    const bool swaps = less(b, a);
    const T first = swaps ? b : a;
    b = swaps ? a : b;
    a = first;
}

template <class T, class Less>
void sort_four(T* keys, Less& less) {
    order_two(keys[0], keys[1], less);
    order_two(keys[2], keys[3], less);
    order_two(keys[0], keys[2], less);
    order_two(keys[1], keys[3], less);
    order_two(keys[1], keys[2], less);
}

/// Merges the sorted halves [from, from + size / 2) and [from + size / 2, from + size) into `to`. Of equal keys those
/// of the first half come first. False: `less` contradicts itself, and `to` holds nothing of use. Reads and writes
/// nothing outside of the two arrays even then.
template <class T, class Less>
bool merge_halves(const T* from, std::ptrdiff_t size, T* to, Less& less) {
    const T* left = from;
    const T* right = from + size / 2;
    const T* left_end = right;
    const T* right_end = from + size;
    T* back = to + size;
    for (std::ptrdiff_t step = size / 2; step > 0; --step) {
        const bool right_is_first = less(*right, *left);
        *to++ = right_is_first ? *right : *left;
        right += right_is_first;
        left += !right_is_first;
        const bool left_is_last = less(right_end[-1], left_end[-1]);
        *--back = left_is_last ? left_end[-1] : right_end[-1];
        left_end -= left_is_last;
        right_end -= !left_is_last;
    }
    if (size % 2 != 0) {
        const bool left_is_left = left < left_end;
        *to = left_is_left ? *left : *right;
        left += left_is_left;
        right += !left_is_left;
    }
    return left == left_end && right == right_end;
}

template <class T, class Less>
void small_sort_with(T* keys, std::ptrdiff_t size, T* scratch, Less& less) {
    if (size < 8) {
        if (size >= 4) sort_four(keys, less);
        for (std::ptrdiff_t i = size >= 4 ? 4 : 0; i < size; ++i) insert_into_sorted(keys, keys + i, less);
        return;
    }
    small_sort_with(keys, size / 2, scratch, less);
    small_sort_with(keys + size / 2, size - size / 2, scratch, less);
    if (merge_halves(keys, size, scratch, less)) std::copy_n(scratch, size, keys);
}

/// Sorts at most small_sort_size keys.
template <class T, class Less>
void small_sort(T* first, T* last, Less& less) {
    std::array<T, small_sort_size> scratch;
    small_sort_with(first, last - first, scratch.data(), less);
}

}  // namespace threadwise::detail
