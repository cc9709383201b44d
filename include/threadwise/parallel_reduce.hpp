#pragma once
// parallel_reduce: the sum, in the widest sense, of a range.

#include <cstddef>
#include <functional>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// One piece, in order, as four sums side by side: the processor need not wait for one addition to begin the next.
template <class T, class Iterator, class Operation>
T reduce_piece(Iterator begin, std::size_t first, std::size_t last, Operation& operation) {
    const auto at = [begin](std::size_t i) -> decltype(auto) {
        return begin[static_cast<std::iter_difference_t<Iterator>>(i)];
    };
    const std::size_t quarter = (last - first) / 4;
    if (quarter == 0) {
        T sum(at(first));
        while (++first < last) sum = operation(std::move(sum), at(first));
        return sum;
    }
    T a(at(first));
    T b(at(first + quarter));
    T c(at(first + 2 * quarter));
    T d(at(first + 3 * quarter));
    for (std::size_t i = first + 1; i < first + quarter; ++i) {
        a = operation(std::move(a), at(i));
        b = operation(std::move(b), at(i + quarter));
        c = operation(std::move(c), at(i + 2 * quarter));
        d = operation(std::move(d), at(i + 3 * quarter));
    }
    for (std::size_t i = first + 4 * quarter; i < last; ++i) d = operation(std::move(d), at(i));
    return operation(operation(std::move(a), std::move(b)), operation(std::move(c), std::move(d)));
}

template <class T, class Iterator, class Operation>
T reduce_on_demand(Iterator begin, std::size_t first, std::size_t last, Operation& operation) {
    std::optional<T> sum;
    const auto add = [&](T&& more) {
        sum.emplace(sum ? operation(std::move(*sum), std::move(more)) : std::move(more));
    };
    while (first < last) {
        if (last - first > 1 && work_is_wanted()) {
            const std::size_t middle = first + (last - first) / 2;
            std::optional<T> right;
            TaskGroup group;
            group.run([&, last] { right.emplace(reduce_on_demand<T>(begin, middle, last, operation)); });
            add(reduce_on_demand<T>(begin, first, middle, operation));
            group.wait();
            add(std::move(*right));
            break;
        }
        const std::size_t end = first + piece_of(last - first);
        add(reduce_piece<T>(begin, first, end, operation));
        first = end;
    }
    return std::move(*sum);
}

/// Refuses operations whose results would be misread.
template <class Operation, class T, class Element>
constexpr void check_reduction() {
    using OfSums = std::invoke_result_t<Operation&, T, T>;
    using OfElement = std::invoke_result_t<Operation&, T, Element>;
    static_assert(!std::is_reference_v<OfSums> && !std::is_reference_v<OfElement>,
                  "parallel_reduce: the operation returns a reference, which may refer to an argument that is about to "
                  "go; let it return a value, as in [](const T& a, const T& b) -> T { return std::max(a, b); }");
    static_assert(std::is_convertible_v<OfSums, T> && std::is_convertible_v<OfElement, T>,
                  "parallel_reduce: what the operation returns does not convert to the type of `init`");
}

/// `begin[i]` for i from 0 to `size`, added to `init`. `executor` null: in the pool that this thread belongs to, or
/// else in the default one.
template <class T, class Iterator, class Operation>
T reduce_by(ThreadPoolExecutor* executor, Iterator begin, std::size_t size, T init, Operation& operation) {
    if (size == 0) return init;
    std::optional<T> sum;
    run_inside(executor, [&] { sum.emplace(reduce_on_demand<T>(begin, 0, size, operation)); });
    return operation(std::move(init), std::move(*sum));
}

}  // namespace detail

/// `operation(...operation(operation(init, first), second)..., last)`, grouped in any way but in this order:
/// `operation` must be associative, take T and elements on either side and return a value, but need not be commutative.
/// Sums are kept as T: give `init` a type that holds them. The range is split when an idle worker wants a part of it.
/// Throws what `operation` throws.
template <detail::IndexedRange Range, class T, class Operation = std::plus<>>
T parallel_reduce(ThreadPoolExecutor& executor, Range&& range, T init, Operation operation = {}) {
    detail::check_reduction<Operation, T, std::ranges::range_reference_t<Range>>();
    return detail::reduce_by(&executor, std::ranges::begin(range), static_cast<std::size_t>(std::ranges::size(range)),
                             std::move(init), operation);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, class T, class Operation = std::plus<>>
T parallel_reduce(Range&& range, T init, Operation operation = {}) {
    detail::check_reduction<Operation, T, std::ranges::range_reference_t<Range>>();
    return detail::reduce_by(nullptr, std::ranges::begin(range), static_cast<std::size_t>(std::ranges::size(range)),
                             std::move(init), operation);
}

}  // namespace threadwise
