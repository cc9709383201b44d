#pragma once
// What parallel_sort() does, with and without workers.

#include <iterator>
#include <memory>
#include <type_traits>

#include "threadwise/detail/futures/worker.hpp"
#include "threadwise/detail/sort/fork_sort.hpp"
#include "threadwise/detail/sort/quick_sort.hpp"
#include "threadwise/detail/sort/runs.hpp"
#include "threadwise/detail/sort/stragglers.hpp"

namespace threadwise::detail {

/// Sorts a range whose values move without throwing, by all workers if this is one. If `less` throws, the range holds
/// the same values in some order. If `less` contradicts itself, too; nothing outside of the range is looked at.
template <class Iterator, class Less>
void sort_keeping_all(Iterator first, Iterator last, Less& less) {
    if constexpr (has_plain_keys<Iterator> && !std::is_pointer_v<Iterator>) {
        return sort_keeping_all(std::to_address(first), std::to_address(first) + (last - first), less);
    } else {
        const auto sort_part = [&less](Iterator from, Iterator to) {
            const SortPart<Iterator> whole = whole_range(from, to);
            if (this_worker != nullptr) {
                fork_quick_sort(whole, less);
            } else {
                quick_sort(whole, less);
            }
        };
        constexpr std::ptrdiff_t worth_looking_for_runs = 64;
        if (last - first >= worth_looking_for_runs && sort_by_runs(first, last, less, sort_part)) return;
        if constexpr (has_plain_keys<Iterator>) {
            if (sort_stragglers(first, last, less, sort_part)) return;
        }
        sort_part(first, last);
    }
}

}  // namespace threadwise::detail
