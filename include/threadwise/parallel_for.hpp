#pragma once
// parallel_for: a loop whose steps run side by side.

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

#include "threadwise/detail/parallel/shared_loop.hpp"
#include "threadwise/detail/pool/parallel.hpp"
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

/// In a worker.
template <class Iterator, class Body>
void for_each_here(Iterator begin, std::size_t first, std::size_t last, Body& body) {
    TaskGroup group;
    for_each_on_demand(group, begin, first, last, body);
    group.wait();
}

template <class Iterator, class Body>
void for_each_by(ThreadPoolExecutor& executor, Iterator begin, std::size_t size, Body& body) {
    std::size_t next = 0;
    if (!executor.runs_this_thread() && run_from_outside(executor, begin, next, size, body)) return;
    run_inside(executor, [&] { for_each_here(begin, next, size, body); });
}

/// By the pool that this thread belongs to, or else by the default one.
template <class Iterator, class Body>
void for_each_by_own(Iterator begin, std::size_t size, Body& body) {
    if (this_worker != nullptr) {
        for_each_here(begin, 0, size, body);
    } else {
        for_each_by(default_executor(), begin, size, body);
    }
}

/// Integers from `first` up to `last`, as many as an iterator and a size tell.
template <class Index>
struct Integers {
    Counter<Index> begin;
    std::size_t size;

    template <class First, class Last>
    Integers(First first, Last last) : begin{static_cast<Index>(first)}, size(0) {
        static_assert(sizeof(Index) <= sizeof(std::size_t),
                      "parallel_for: the machine cannot count so far; use std::size_t");
        if constexpr (std::is_unsigned_v<Index>) {
            if (is_negative(last)) return;
            if (is_negative(first)) {
                throw ValueError(
                    "parallel_for: the first index is below zero, but the last one is of an unsigned type: "
                    "convert that to a signed one");
            }
        }
        const auto end = static_cast<Index>(last);
        if (begin.first < end) size = static_cast<std::size_t>(end) - static_cast<std::size_t>(begin.first);
    }
};

}  // namespace detail

/// Calls `body(element)` for each element of the range, in no particular order and by several threads at once, and
/// returns when all calls have. What a call throws ends the loop and is thrown here (see TaskGroup::wait).
///
/// In a worker of the pool the range is split when an idle worker wants a part of it, so uneven steps need no chunk
/// size. A thread from outside runs steps itself, in place of a worker, and wakes as many workers as the loop keeps
/// busy; it wakes none if the last loops with this body, and as many steps, took less than some ten microseconds. So
/// a step must not wait for another one. What the caller runs itself runs outside of the pool, as far as
/// current_thread() and nested loops are concerned. If the pool has one worker or an initializer, workers run all
/// steps.
template <std::ranges::random_access_range Range, class Body>
    requires std::ranges::sized_range<Range>
void parallel_for(ThreadPoolExecutor& executor, Range&& range, Body body) {
    detail::for_each_by(executor, std::ranges::begin(range), static_cast<std::size_t>(std::ranges::size(range)), body);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::random_access_range Range, class Body>
    requires std::ranges::sized_range<Range>
void parallel_for(Range&& range, Body body) {
    detail::for_each_by_own(std::ranges::begin(range), static_cast<std::size_t>(std::ranges::size(range)), body);
}

/// `body(i)` for each i from `first` up to, but without, `last`; i has the common type of both. Throws ValueError if
/// that is unsigned and `first` is below zero.
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for(ThreadPoolExecutor& executor, First first, Last last, Body body) {
    const detail::Integers<std::common_type_t<First, Last>> integers(first, last);
    detail::for_each_by(executor, integers.begin, integers.size, body);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for(First first, Last last, Body body) {
    const detail::Integers<std::common_type_t<First, Last>> integers(first, last);
    detail::for_each_by_own(integers.begin, integers.size, body);
}

}  // namespace threadwise
