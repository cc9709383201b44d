#pragma once
// parallel_sort: sorts a range on several cores.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/parallel/parallel.hpp"
#include "threadwise/detail/parallel/sort.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// Merges two sorted ranges of moved values into `out`. Whatever happens, each value gets there: the destructor moves
/// those that were not merged.
template <class From, class To, class Less>
class Merge {
public:
    Merge(From a, From a_end, From b, From b_end, To out, Less& less)
        : a_(a), a_end_(a_end), b_(b), b_end_(b_end), out_(out), less_(less) {}
    Merge(const Merge&) = delete;
    Merge& operator=(const Merge&) = delete;
    ~Merge() { std::move(b_, b_end_, std::move(a_, a_end_, out_)); }

    /// Once. Both halves of the output side by side, if a worker wants one.
    void run() {
        const bool a_is_longer = a_end_ - a_ >= b_end_ - b_;
        constexpr std::ptrdiff_t worth_splitting = 8192;
        if ((a_is_longer ? a_end_ - a_ : b_end_ - b_) < worth_splitting || !work_is_wanted()) return run_here();
        // The pivot comes from the longer one. Of equal elements a's come first, so what equals a pivot of b's stays
        // left.
        const From a_cut =
            a_is_longer ? a_ + (a_end_ - a_) / 2 : std::upper_bound(a_, a_end_, b_[(b_end_ - b_) / 2], less_);
        const From b_cut = a_is_longer ? std::lower_bound(b_, b_end_, *a_cut, less_) : b_ + (b_end_ - b_) / 2;
        Merge left(a_, a_cut, b_, b_cut, out_, less_);
        Merge right(a_cut, a_end_, b_cut, b_end_, out_ + (a_cut - a_) + (b_cut - b_), less_);
        a_ = a_end_;
        b_ = b_end_;
        TaskGroup group;
        group.run([&right] { right.run(); });
        left.run();
        group.wait();
    }

private:
    void run_here() {
        Merge rest(a_, a_end_, b_, b_end_, out_, less_);  // on this stack alone, so that its parts stay in registers
        a_ = a_end_;
        b_ = b_end_;
        while (rest.a_ != rest.a_end_ && rest.b_ != rest.b_end_) {
            if (less_(*rest.b_, *rest.a_)) {
                *rest.out_ = std::move(*rest.b_);
                ++rest.b_;
            } else {
                *rest.out_ = std::move(*rest.a_);
                ++rest.a_;
            }
            ++rest.out_;
        }
    }

    From a_;
    const From a_end_;
    From b_;
    const From b_end_;
    To out_;
    Less& less_;
};

/// Room for as many values as a range has, filled by moving them there, which may not throw.
template <class T>
class MovedAway {
public:
    template <class Iterator>
    MovedAway(Iterator first, Iterator last)
        : size_(static_cast<std::size_t>(last - first)), values_(std::allocator<T>().allocate(size_)) {
        std::uninitialized_move(first, last, values_);
    }
    ~MovedAway() {
        std::destroy_n(values_, size_);
        std::allocator<T>().deallocate(values_, size_);
    }
    MovedAway(const MovedAway&) = delete;
    MovedAway& operator=(const MovedAway&) = delete;

    T* begin() const noexcept { return values_; }

private:
    std::size_t size_;
    T* values_;
};

template <class Iterator, class Less>
void sort_in_pieces(Iterator first, Iterator last, std::ptrdiff_t piece, Less& less) {
    if (last - first <= piece) return sort_keeping_all(first, last, less);
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
    auto* const cut = begin + (middle - first);
    Merge(begin, cut, cut, begin + (last - first), first, less).run();
}

/// Pieces enough that two workers, or many, are busy to the end; each further one costs a merge. One outside of pools.
template <class Iterator, class Less>
void sort_inside(Iterator first, Iterator last, Less& less) {
    if (this_worker == nullptr) return sort_keeping_all(first, last, less);
    constexpr std::ptrdiff_t smallest_piece = 4096;
    const auto pieces = static_cast<std::ptrdiff_t>(this_worker->max_workers()) * 2;
    sort_in_pieces(first, last, std::max<std::ptrdiff_t>(smallest_piece, (last - first + pieces - 1) / pieces), less);
}

/// Moves the element at `order[i]` to `i`, for all i. If a move throws that leaves both its sides as they were, the
/// range holds the same values in some order.
template <class Iterator, class Position>
void arrange(Iterator first, std::vector<Position>& order) {
    for (Position start = 0; static_cast<std::size_t>(start) < order.size(); ++start) {
        if (order[static_cast<std::size_t>(start)] == start) continue;
        std::iter_value_t<Iterator> value(std::move(first[start]));
        Position gap = start;
        try {
            for (;;) {
                const Position from = std::exchange(order[static_cast<std::size_t>(gap)], gap);
                if (from == start) break;
                first[gap] = std::move(first[from]);
                gap = from;
            }
            first[gap] = std::move(value);
        } catch (...) {
            first[gap] = std::move(value);
            throw;
        }
    }
}

/// For values whose moves may throw: they are moved as little as possible, when their order is known.
template <class Iterator, class Less>
void sort_positions_inside(Iterator first, Iterator last, Less& less) {
    using Position = std::iter_difference_t<Iterator>;
    std::vector<Position> order(static_cast<std::size_t>(last - first));
    std::iota(order.begin(), order.end(), Position(0));
    auto less_at = [&](Position a, Position b) -> bool { return less(first[a], first[b]); };
    sort_inside(order.begin(), order.end(), less_at);
    arrange(first, order);
}

template <class Range, class Less>
void sort_range_inside(Range&& range, Less& less) {
    const auto first = std::ranges::begin(range);
    const auto last = first + std::ranges::distance(range);
    using Value = std::ranges::range_value_t<Range>;
    if constexpr (std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_move_assignable_v<Value>) {
        sort_inside(first, last, less);
    } else {
        sort_positions_inside(first, last, less);
    }
}

}  // namespace detail

/// Sorts as std::sort does: not stable. Values are moved, never copied, and need as much memory again as they take; 8
/// bytes each instead if moving them may throw. Throws what `less` throws; the range then holds the same values in some
/// order. The same holds if a move throws that leaves both its sides as they were.
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(ThreadPoolExecutor& executor, Range&& range, Less less = {}) {
    detail::run_inside(executor, [&] { detail::sort_range_inside(range, less); });
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Less = std::less<>>
void parallel_sort(Range&& range, Less less = {}) {
    detail::run_inside([&] { detail::sort_range_inside(range, less); });
}

}  // namespace threadwise
