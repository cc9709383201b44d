#pragma once

/// \file
/// Sorting that loses no element when the comparison throws. std::sort keeps one element outside of the range while it
/// compares, and destroys it if an exception passes.

#include <bit>
#include <cstddef>
#include <iterator>
#include <utility>

namespace threadwise::detail {

/// A value taken out of a range. It goes back to where the gap is when this is destroyed.
template <class Iterator>
class Gap {
public:
    explicit Gap(Iterator at) : at_(at), value_(std::move(*at)) {}
    ~Gap() { *at_ = std::move(value_); }
    Gap(const Gap&) = delete;
    Gap& operator=(const Gap&) = delete;

    const std::iter_value_t<Iterator>& value() const noexcept { return value_; }
    Iterator at() const noexcept { return at_; }

    /// Moves the element before the gap into it.
    void move_back() {
        const Iterator before = at_ - 1;
        *at_ = std::move(*before);
        at_ = before;
    }

private:
    Iterator at_;
    std::iter_value_t<Iterator> value_;
};

/// `Leftmost`: nothing lies before `first`. Otherwise nothing before it is greater than any element, so that no scan
/// needs to look for the beginning.
template <bool Leftmost, class Iterator, class Less>
void insertion_sort(Iterator first, Iterator last, Less& less) {
    if (first == last) return;
    for (Iterator next = first + 1; next != last; ++next) {
        if (!less(*next, *(next - 1))) continue;
        Gap<Iterator> gap(next);
        do {
            gap.move_back();
        } while ((!Leftmost || gap.at() != first) && less(gap.value(), *(gap.at() - 1)));
    }
}

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

/// Swaps the median of the three with `*to`.
template <class Iterator, class Less>
void median_to(Iterator to, Iterator a, Iterator b, Iterator c, Less& less) {
    if (less(*b, *a)) std::swap(a, b);
    if (less(*c, *b)) b = less(*c, *a) ? a : c;
    std::iter_swap(to, b);
}

/// Returns `cut` so that nothing in [first, cut) is greater than anything in [cut, last). Both have elements.
template <class Iterator, class Less>
Iterator partition_around_median(Iterator first, Iterator last, Less& less) {
    median_to(first, first + 1, first + (last - first) / 2, last - 1, less);
    // The pivot is the median of three, so that either scan ends at one of the other two, or at a swapped element.
    Iterator left = first + 1;
    Iterator right = last;
    for (;; ++left) {
        while (less(*left, *first)) ++left;
        --right;
        while (less(*first, *right)) --right;
        if (!(left < right)) return left;
        std::iter_swap(left, right);
    }
}

/// Quicksort; what it splits badly too often goes to the heap sort.
template <bool Leftmost, class Iterator, class Less>
void quick_sort(Iterator first, Iterator last, int splits_left, Less& less) {
    constexpr int few = 16;
    while (last - first > few) {
        if (splits_left-- == 0) return heap_sort(first, last, less);
        const Iterator cut = partition_around_median(first, last, less);
        quick_sort<false>(cut, last, splits_left, less);
        last = cut;
    }
    insertion_sort<Leftmost>(first, last, less);
}

/// As std::sort(). Moving the values may not throw. If `less` throws, the range holds the same values in some order.
template <class Iterator, class Less>
void sort_keeping_all(Iterator first, Iterator last, Less& less) {
    const auto size = static_cast<std::size_t>(last - first);
    quick_sort<true>(first, last, 2 * static_cast<int>(std::bit_width(size)), less);
}

}  // namespace threadwise::detail
