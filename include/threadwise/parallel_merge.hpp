#pragma once
// parallel_merge: two sorted ranges become one.
// C++: std::merge, but for ranges, and in a pool.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// Where to cut two sorted ranges, so that no element left of the cuts belongs behind one to the right. Of the longer
/// one `left` elements stay left, or half of it if it has fewer than twice as many.
template <class A, class B, class Less>
std::pair<A, B> cut_both(A a, A a_end, B b, B b_end, std::ptrdiff_t left, Less& less) {
    // Of equal elements a's come first: what equals the first of a that goes right goes right as well, and what equals
    // the first of b that does stays left.
    if (a_end - a >= b_end - b) {
        const A cut = a + std::min<std::ptrdiff_t>(left, (a_end - a) / 2);
        return {cut, std::lower_bound(b, b_end, *cut, less)};
    }
    const B cut = b + std::min<std::ptrdiff_t>(left, (b_end - b) / 2);
    return {std::upper_bound(a, a_end, *cut, less), cut};
}

template <class A, class B, class Output, class Less>
void merge_on_demand(A a, A a_end, B b, B b_end, Output output, Less& less) {
    constexpr std::ptrdiff_t piece = 4096;
    while (std::max<std::ptrdiff_t>(a_end - a, b_end - b) > 2 * piece) {
        const bool split = work_is_wanted();
        const auto [a_cut, b_cut] = cut_both(a, a_end, b, b_end, split ? PTRDIFF_MAX : piece, less);
        const Output middle = output + (a_cut - a) + (b_cut - b);
        if (split) {
            TaskGroup group;
            group.run([=, &less, a_from = a_cut, b_from = b_cut] {
                merge_on_demand(a_from, a_end, b_from, b_end, middle, less);
            });
            merge_on_demand(a, a_cut, b, b_cut, output, less);
            return group.wait();
        }
        std::merge(a, a_cut, b, b_cut, output, less);
        a = a_cut;
        b = b_cut;
        output = middle;
    }
    std::merge(a, a_end, b, b_end, output, less);
}

template <class A, class B, class Output, class Less>
Output merge_by(ThreadPoolExecutor* executor, A& a, B& b, Output output, Less& less) {
    const auto a_size = std::ranges::distance(a);
    const auto b_size = std::ranges::distance(b);
    run_inside(executor, [&, a_begin = std::ranges::begin(a), b_begin = std::ranges::begin(b)] {
        merge_on_demand(a_begin, a_begin + a_size, b_begin, b_begin + b_size, output, less);
    });
    return output + a_size + b_size;
}

}  // namespace detail

/// Copies the elements of two sorted ranges, in order, to where `output` begins, which must have room for all and must
/// not overlap either. Of equal elements those of `a` come first. Returns the end of what was written. `less` is called
/// by several threads at once. Throws what `less` and copying throw; some elements have been written then.
template <std::ranges::random_access_range A, std::ranges::random_access_range B, std::random_access_iterator Output,
          class Less = std::less<>>
Output parallel_merge(ThreadPoolExecutor& executor, A&& a, B&& b, Output output, Less less = {}) {
    return detail::merge_by(&executor, a, b, output, less);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range A, std::ranges::random_access_range B, std::random_access_iterator Output,
          class Less = std::less<>>
Output parallel_merge(A&& a, B&& b, Output output, Less less = {}) {
    return detail::merge_by(nullptr, a, b, output, less);
}

}  // namespace threadwise
