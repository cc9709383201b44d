#pragma once
// Sorted runs at both ends of a range, which need only be merged with the rest.

#include <algorithm>
#include <iterator>

#include "threadwise/detail/sort/merge.hpp"

namespace threadwise::detail {

/// Where the run ends that [first, last) begins with; `descends` if each of its elements is less than the one before.
/// Equal neighbours end a descending run, so that to reverse it exchanges no equal elements.
template <class Iterator, class Less>
Iterator end_of_run(Iterator first, Iterator last, bool& descends, Less& less) {
    descends = false;
    if (last - first < 2) return last;
    Iterator end = first + 1;
    descends = less(*end, *first);
    do {
        ++end;
    } while (end != last && static_cast<bool>(less(*end, *(end - 1))) == descends);
    return end;
}

/// Where the run begins that [first, last) ends with.
template <class Iterator, class Less>
Iterator begin_of_run(Iterator first, Iterator last, bool& descends, Less& less) {
    descends = false;
    if (last - first < 2) return first;
    Iterator begin = last - 1;
    descends = less(*begin, *(begin - 1));
    do {
        --begin;
    } while (begin != first && static_cast<bool>(less(*begin, *(begin - 1))) == descends);
    return begin;
}

/// Sorts a range that begins or ends with long runs: calls `sort_middle` for what is in neither, and merges the three.
/// False if there are no such runs, or no memory to merge with; the range then holds the same values.
template <class Iterator, class Less, class SortMiddle>
bool sort_by_runs(Iterator first, Iterator last, Less& less, SortMiddle sort_middle) {
    const auto long_run = (last - first) / 8;
    const auto short_middle = (last - first) / 4;
    bool front_descends = false;
    Iterator front = end_of_run(first, last, front_descends, less);
    if (front - first < long_run) front = first;
    bool back_descends = false;
    Iterator back = begin_of_run(front, last, back_descends, less);
    if (last - back < long_run) back = last;
    if (back - front > short_middle) return false;
    if (front_descends) std::reverse(first, front);
    if (back_descends) std::reverse(back, last);
    if (front != back) sort_middle(front, back);
    return merge_neighbours(first, front, back, less) && merge_neighbours(first, back, last, less);
}

}  // namespace threadwise::detail
