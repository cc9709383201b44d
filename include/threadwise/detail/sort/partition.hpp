#pragma once
// Splits a range in two by a predicate.

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "threadwise/detail/sort/plain_keys.hpp"

namespace threadwise::detail {

/// Moves the elements for which `goes_left` is true to the front; returns the first of the others. It does nothing but
/// swap, so if `goes_left` throws, the range holds the same values. Looks at nothing outside of the range, whatever
/// `goes_left` says.
template <class Iterator, class Predicate>
Iterator partition_by_swaps(Iterator first, Iterator last, Predicate& goes_left) {
    for (;; ++first) {
        while (first < last && goes_left(*first)) ++first;
        while (first < last && !goes_left(*(last - 1))) --last;
        if (last - first < 2) return first;
        --last;
        std::iter_swap(first, last);
    }
}

/// A plain key outside of its array. The destructor puts it into the gap.
template <class T>
struct HeldKey {
    T key;
    T* gap;

    explicit HeldKey(T* at) noexcept : key(*at), gap(at) {}
    ~HeldKey() { *gap = key; }
    HeldKey(const HeldKey&) = delete;
    HeldKey& operator=(const HeldKey&) = delete;
};

/// The same for plain keys, without a branch that depends on them: Lomuto's partition as a rotation (Peters and
/// Bergdoll, "Branchless Lomuto partitioning", 2023). One key is held outside of the array, which leaves a gap. What
/// lies before `right_part` goes left, what lies between there and the gap does not.
template <class T, class Predicate>
T* partition_plain_keys(T* first, T* last, Predicate& goes_left) {
    if (first == last) return first;
    T* right_part = first;
    {
        HeldKey<T> held(first);
        for (T* next = first + 1; next != last; ++next) {
            const T key = *next;
            const bool left = goes_left(key);
            *held.gap = *right_part;
            *right_part = key;
            held.gap = next;
            right_part += left;
        }
        *held.gap = *right_part;
        held.gap = right_part;
    }
    return goes_left(*right_part) ? right_part + 1 : right_part;
}

template <bool Plain, class Iterator, class Predicate>
Iterator partition_range(Iterator first, Iterator last, Predicate& goes_left) {
    if constexpr (Plain) {
        return partition_plain_keys(first, last, goes_left);
    } else {
        return partition_by_swaps(first, last, goes_left);
    }
}

}  // namespace threadwise::detail
