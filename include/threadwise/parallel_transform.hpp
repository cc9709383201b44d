#pragma once
// parallel_transform: a function of each element, side by side; and the sum of such values.
// C++: std::transform and std::transform_reduce, but for ranges, and in a pool.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <utility>

#include "threadwise/detail/parallel/loop.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

template <class Iterator>
decltype(auto) element(const Iterator& begin, std::size_t i) {
    return begin[static_cast<std::iter_difference_t<Iterator>>(i)];
}

/// As an iterator over what `function` makes of the elements.
template <class Iterator, class Function>
struct Transformed {
    using difference_type = std::size_t;

    Iterator begin;
    Function* function;

    decltype(auto) operator[](std::size_t i) const { return std::invoke(*function, element(begin, i)); }
};

template <class Range, class Output, class Function>
Output transform_by(ThreadPoolExecutor* executor, Range& range, Output output, Function& function) {
    const auto size = static_cast<std::size_t>(std::ranges::size(range));
    auto blocks = [&function, from = std::ranges::begin(range), output](std::size_t first, std::size_t end) {
        for (; first < end; ++first) element(output, first) = std::invoke(function, element(from, first));
    };
    loop_by(executor, size, blocks);
    return output + static_cast<std::iter_difference_t<Output>>(size);
}

template <class Left, class Right, class Output, class Function>
Output transform_by(ThreadPoolExecutor* executor, Left& left, Right& right, Output output, Function& function) {
    const auto size =
        std::min(static_cast<std::size_t>(std::ranges::size(left)), static_cast<std::size_t>(std::ranges::size(right)));
    auto blocks = [&function, a = std::ranges::begin(left), b = std::ranges::begin(right), output](std::size_t first,
                                                                                                   std::size_t end) {
        for (; first < end; ++first) {
            element(output, first) = std::invoke(function, element(a, first), element(b, first));
        }
    };
    loop_by(executor, size, blocks);
    return output + static_cast<std::iter_difference_t<Output>>(size);
}

template <class Range, class T, class Operation, class Function>
T transform_reduce_by(ThreadPoolExecutor* executor, Range& range, T init, Operation& operation, Function& function) {
    using Iterator = std::ranges::iterator_t<Range>;
    check_reduction<Operation, T, std::invoke_result_t<Function&, std::ranges::range_reference_t<Range>>>();
    return reduce_by(executor, Transformed<Iterator, Function>{std::ranges::begin(range), &function},
                     static_cast<std::size_t>(std::ranges::size(range)), std::move(init), operation);
}

}  // namespace detail

/// Writes `function(element)` for each element of the range to where `output` begins, which must have room for all. The
/// output may be the range itself. Returns the end of what was written. Runs, and ends, as parallel_for() does; after
/// an exception some elements have been written.
template <detail::IndexedRange Range, std::random_access_iterator Output, class Function>
Output parallel_transform(ThreadPoolExecutor& executor, Range&& range, Output output, Function function) {
    return detail::transform_by(&executor, range, output, function);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, std::random_access_iterator Output, class Function>
Output parallel_transform(Range&& range, Output output, Function function) {
    return detail::transform_by(nullptr, range, output, function);
}

/// `function(left element, right element)` for as many pairs as the shorter of two ranges has.
template <detail::IndexedRange Left, detail::IndexedRange Right, std::random_access_iterator Output, class Function>
Output parallel_transform(ThreadPoolExecutor& executor, Left&& left, Right&& right, Output output, Function function) {
    return detail::transform_by(&executor, left, right, output, function);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Left, detail::IndexedRange Right, std::random_access_iterator Output, class Function>
Output parallel_transform(Left&& left, Right&& right, Output output, Function function) {
    return detail::transform_by(nullptr, left, right, output, function);
}

/// parallel_reduce() over `function(element)`, for each element of the range once.
///
///     parallel_transform_reduce(words, 0UL, std::plus<>(), [](const std::string& word) { return word.size(); });
template <detail::IndexedRange Range, class T, class Operation, class Function>
T parallel_transform_reduce(ThreadPoolExecutor& executor, Range&& range, T init, Operation operation,
                            Function function) {
    return detail::transform_reduce_by(&executor, range, std::move(init), operation, function);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, class T, class Operation, class Function>
T parallel_transform_reduce(Range&& range, T init, Operation operation, Function function) {
    return detail::transform_reduce_by(nullptr, range, std::move(init), operation, function);
}

}  // namespace threadwise
