#pragma once
// Insertion sort that loses no element when the comparison throws. std::sort keeps one element outside of the range
// while it compares, and destroys it if an exception passes.

#include <iterator>
#include <utility>

namespace threadwise::detail {

/// A value taken out of a range. The destructor puts it back where the gap is.
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

/// Moves the element at `at` into [first, at), which is sorted. Returns how many elements had to make way.
template <class Iterator, class Less>
std::iter_difference_t<Iterator> insert_into_sorted(Iterator first, Iterator at, Less& less) {
    if (at == first || !less(*at, *(at - 1))) return 0;
    Gap<Iterator> gap(at);
    do {
        gap.move_back();
    } while (gap.at() != first && less(gap.value(), *(gap.at() - 1)));
    return at - gap.at();
}

template <class Iterator, class Less>
void insertion_sort(Iterator first, Iterator last, Less& less) {
    for (Iterator next = first; next != last; ++next) insert_into_sorted(first, next, less);
}

/// The same, given up when more than a few elements had to make way. Returns whether the range is sorted.
template <class Iterator, class Less>
bool try_insertion_sort(Iterator first, Iterator last, Less& less) {
    constexpr std::iter_difference_t<Iterator> most_moves = 8;
    std::iter_difference_t<Iterator> moves = 0;
    for (Iterator next = first; next != last; ++next) {
        moves += insert_into_sorted(first, next, less);
        if (moves > most_moves) return false;
    }
    return true;
}

}  // namespace threadwise::detail
