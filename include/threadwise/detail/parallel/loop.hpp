#pragma once
// The loop that the parallel algorithms are made of: blocks of steps, run by the workers that are free.

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "threadwise/detail/parallel/shared_loop.hpp"
#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise::detail {

/// Runs the steps from `first` to `last` block by block; whenever another worker is idle, half of those that are left
/// become a task that it can steal.
template <class Blocks>
void loop_on_demand(TaskGroup& group, std::size_t first, std::size_t last, Blocks& blocks) {
    while (first < last && !group.cancelled()) {
        if (last - first > 1 && work_is_wanted()) {
            const std::size_t middle = first + (last - first) / 2;
            group.run([&group, middle, last, &blocks] { loop_on_demand(group, middle, last, blocks); });
            last = middle;
            continue;
        }
        const std::size_t end = first + piece_of(last - first);
        blocks(first, end);
        first = end;
    }
}

/// Runs the steps and waits for those that other workers have taken. The calling thread is a worker.
template <class Blocks>
void loop_here(std::size_t first, std::size_t last, Blocks& blocks, const std::stop_token& stop) {
    TaskGroup group;
    if (!stop.stop_possible()) {
        loop_on_demand(group, first, last, blocks);
        return group.wait();
    }
    const auto cancel = [&group]() noexcept { group.cancel(); };
    const std::stop_callback on_stop(stop, cancel);
    loop_on_demand(group, first, last, blocks);
    group.wait(stop);
}

/// Calls `blocks(first, end)` for parts that together cover 0 to `size`, several at once, in the workers of `executor`.
/// Null: of the pool that this thread belongs to, or else of the default one.
template <class Blocks>
void loop_by(ThreadPoolExecutor* executor, std::size_t size, Blocks& blocks, const std::stop_token& stop = {}) {
    if (executor == nullptr) {
        if (this_worker != nullptr) return loop_here(0, size, blocks, stop);
        executor = &default_executor();
    }
    if (stop.stop_requested()) throw InterruptedError("stop was requested before a loop began");
    std::size_t next = 0;
    if (!executor->runs_this_thread() && run_from_outside(*executor, next, size, blocks, stop)) return;
    run_inside(*executor, [&] { loop_here(next, size, blocks, stop); });
}

/// A block of steps as calls of `body`, one for each element.
template <class Iterator, class Body>
struct EachElement {
    using Step = decltype(std::declval<const Iterator&>()[std::iter_difference_t<Iterator>()]);
    static_assert(
        std::is_invocable_v<Body&, Step>,
        "parallel_for: the body cannot be called with an index, or an element of the range: it takes that one "
        "argument, as in [&](int i) { ... }");

    Iterator begin;
    Body& body;

    void operator()(std::size_t first, std::size_t end) const {
        const Iterator from = begin;  // a copy, that what the body writes cannot change
        for (; first < end; ++first) {
            std::invoke(body, from[static_cast<std::iter_difference_t<Iterator>>(first)]);
        }
    }
};

/// What stands for an iterator over the integers from `first` on.
template <class Index>
struct Counter {
    using difference_type = std::size_t;

    Index first;
    // Computed unsigned, which cannot overflow: the range may be larger than half of its type.
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

/// The integers from `first` up to, but not including, `last`: where they begin and how many there are.
template <class Index>
struct Integers {
    Counter<Index> begin;
    std::size_t size = 0;

    template <class First, class Last>
    Integers(First first, Last last) : begin{static_cast<Index>(first)} {
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

/// A block of steps as one call, with the integers where it begins and ends.
template <class Index, class Body>
struct EachBlock {
    static_assert(std::is_invocable_v<Body&, Index, Index>,
                  "parallel_for_blocks: the body cannot be called with two indices: it takes where a block begins and "
                  "ends, as in [&](int begin, int end) { ... }");

    Counter<Index> begin;
    Body& body;

    void operator()(std::size_t first, std::size_t end) const { std::invoke(body, begin[first], begin[end]); }
};

}  // namespace threadwise::detail
