#pragma once
// parallel_sort: sorts a range on several cores.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <ranges>
#include <utility>

#include "threadwise/detail/parallel.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// Merges two sorted ranges into `out`, both halves of the output side by side.
template <class From, class To, class Less>
void merge_on_demand(From a, From a_end, From b, From b_end, To out, Less& less) {
    constexpr std::ptrdiff_t worth_splitting = 8192;
    if (a_end - a < b_end - b) {
        // The pivot comes from the longer one. Of equal elements a's come first, so what equals a pivot of b's stays
        // left.
        if (b_end - b >= worth_splitting && work_is_wanted()) {
            const From pivot = b + (b_end - b) / 2;
            const From cut = std::upper_bound(a, a_end, *pivot, less);
            TaskGroup group;
            group.run([&, out_right = out + (cut - a) + (pivot - b)] {
                merge_on_demand(cut, a_end, pivot, b_end, out_right, less);
            });
            merge_on_demand(a, cut, b, pivot, out, less);
            group.wait();
            return;
        }
    } else if (a_end - a >= worth_splitting && work_is_wanted()) {
        const From pivot = a + (a_end - a) / 2;
        const From cut = std::lower_bound(b, b_end, *pivot, less);
        TaskGroup group;
        group.run([&, out_right = out + (pivot - a) + (cut - b)] {
            merge_on_demand(pivot, a_end, cut, b_end, out_right, less);
        });
        merge_on_demand(a, pivot, b, cut, out, less);
        group.wait();
        return;
    }
    std::merge(std::make_move_iterator(a), std::make_move_iterator(a_end), std::make_move_iterator(b),
               std::make_move_iterator(b_end), out, less);
}

/// Room for as many values as a range has, filled by moving them there.
template <class T>
class MovedAway {
public:
    template <class Iterator>
    MovedAway(Iterator first, Iterator last) : size_(static_cast<std::size_t>(last - first)) {
        values_ = std::allocator<T>().allocate(size_);
        try {
            std::uninitialized_move(first, last, values_);
        } catch (...) {
            std::allocator<T>().deallocate(values_, size_);
            throw;
        }
    }
    ~MovedAway() {
        std::destroy_n(values_, size_);
        std::allocator<T>().deallocate(values_, size_);
    }
    MovedAway(const MovedAway&) = delete;
    MovedAway& operator=(const MovedAway&) = delete;

    T* begin() const noexcept { return values_; }

private:
    T* values_ = nullptr;
    std::size_t size_;
};

template <class Iterator, class Less>
void sort_in_pieces(Iterator first, Iterator last, std::ptrdiff_t piece, Less& less) {
    if (last - first <= piece) {
        std::sort(first, last, less);
        return;
    }
    const Iterator middle = first + (last - first) / 2;
    {
        TaskGroup group;
        group.run([&] { sort_in_pieces(middle, last, piece, less); });
        sort_in_pieces(first, middle, piece, less);
        group.wait();
    }
    if (!less(*middle, *(middle - 1))) return;
    const MovedAway<std::iter_value_t<Iterator>> moved(first, last);
    auto* const begin = moved.begin();
    merge_on_demand(begin, begin + (middle - first), begin + (middle - first), begin + (last - first), first, less);
}

/// Pieces enough that two workers, or many, are busy to the end; each further one costs a merge.
template <class Iterator, class Less>
void sort_inside(Iterator first, Iterator last, Less& less) {
    constexpr std::ptrdiff_t smallest_piece = 4096;
    const auto pieces = static_cast<std::ptrdiff_t>(this_worker->max_workers()) * 2;
    sort_in_pieces(first, last, std::max(smallest_piece, (last - first + pieces - 1) / pieces), less);
}

}  // namespace detail

/// Sorts as std::sort does: not stable. Needs as much memory again as the range takes; values are moved, never copied.
/// If `less` throws, the elements are valid but unspecified.
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(ThreadPoolExecutor& executor, Range&& range, Less less = {}) {
    detail::run_inside(executor, [&] {
        const auto first = std::ranges::begin(range);
        detail::sort_inside(first, first + std::ranges::distance(range), less);
    });
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(Range&& range, Less less = {}) {
    detail::run_inside([&] {
        const auto first = std::ranges::begin(range);
        detail::sort_inside(first, first + std::ranges::distance(range), less);
    });
}

}  // namespace threadwise
