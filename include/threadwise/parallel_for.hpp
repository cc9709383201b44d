#pragma once
// parallel_for: a loop whose steps run side by side.

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

#include "threadwise/detail/parallel/parallel.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// As an iterator over the integers from `first` on.
template <class Index>
struct Counter {
    using difference_type = std::size_t;

    Index first;
    // Unsigned, where nothing overflows: the range may be larger than half of its type.
    Index operator[](std::size_t i) const noexcept { return static_cast<Index>(static_cast<std::size_t>(first) + i); }
};

template <class T>
constexpr bool is_negative(const T& value) noexcept {
    if constexpr (std::is_unsigned_v<T>) {
        return false;
    } else {
        return value < 0;
    }
}

template <class Iterator, class Body>
void for_each_on_demand(TaskGroup& group, Iterator begin, std::size_t first, std::size_t last, Body& body) {
    while (first < last && !group.cancelled()) {
        if (last - first > 1 && work_is_wanted()) {
            const std::size_t middle = first + (last - first) / 2;
            group.run([&group, begin, middle, last, &body] { for_each_on_demand(group, begin, middle, last, body); });
            last = middle;
            continue;
        }
        for (const std::size_t end = first + piece_of(last - first); first < end; ++first) {
            std::invoke(body, begin[static_cast<std::iter_difference_t<Iterator>>(first)]);
        }
    }
}

}  // namespace detail

/// Calls `body(element)` for each element of the range, in no particular order, and returns when all calls have. The
/// range is split when an idle worker wants a part of it, so uneven steps need no chunk size. What a call throws ends
/// the loop and is thrown here (see TaskGroup::wait).
template <std::ranges::random_access_range Range, class Body>
    requires std::ranges::sized_range<Range>
void parallel_for(ThreadPoolExecutor& executor, Range&& range, Body body) {
    detail::run_inside(executor, [&] {
        TaskGroup group;
        detail::for_each_on_demand(group, std::ranges::begin(range), 0,
                                   static_cast<std::size_t>(std::ranges::size(range)), body);
        group.wait();
    });
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Body>
    requires std::ranges::sized_range<Range>
void parallel_for(Range&& range, Body body) {
    detail::run_inside([&] {
        TaskGroup group;
        detail::for_each_on_demand(group, std::ranges::begin(range), 0,
                                   static_cast<std::size_t>(std::ranges::size(range)), body);
        group.wait();
    });
}

/// `body(i)` for each i from `first` up to, but without, `last`; i has the common type of both. Throws ValueError if
/// that is unsigned and `first` is below zero.
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for(First first, Last last, Body body) {
    using Index = std::common_type_t<First, Last>;
    static_assert(sizeof(Index) <= sizeof(std::size_t),
                  "parallel_for: the machine cannot count so far; use std::size_t");
    if constexpr (std::is_unsigned_v<Index>) {
        if (detail::is_negative(last)) return;
        if (detail::is_negative(first)) {
            throw ValueError(
                "parallel_for: the first index is below zero, but the last one is of an unsigned type: "
                "convert that to a signed one");
        }
    }
    const detail::Counter<Index> begin{static_cast<Index>(first)};
    const auto end = static_cast<Index>(last);
    if (begin.first >= end) return;
    detail::run_inside([&] {
        TaskGroup group;
        detail::for_each_on_demand(group, begin, 0,
                                   static_cast<std::size_t>(end) - static_cast<std::size_t>(begin.first), body);
        group.wait();
    });
}

}  // namespace threadwise
