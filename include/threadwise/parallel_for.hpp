#pragma once
// parallel_for: a loop whose steps run side by side.
//
//     parallel_for(pixels, [](Pixel& pixel) { pixel.invert(); });
//     parallel_for(0, height, [&](int y) { draw_line(y); });
//
// **Who runs the steps.** In a worker of the pool the range is split when an idle worker wants a part of it, so uneven
// steps need no chunk size. A thread from outside runs steps itself, in place of a worker, and wakes as many workers as
// the loop keeps busy; it wakes none if the last loops with this body, and as many steps, took less than some ten
// microseconds. So a step must not wait for another one. What the caller runs itself runs outside of the pool, as far
// as current_thread() and nested loops are concerned. If the pool has one worker or an initializer, workers run all
// steps.
//
// **How it ends.** When all calls have returned. What a call throws ends the loop and is thrown by it (see
// TaskGroup::wait); so is InterruptedError if `stop` is requested before the loop has ended, or interrupt() is called
// for a thread that waits for the others, one however often. Steps that have not begun by then are left out, but for
// those of a block that has. Where two calls that run at once throw, an ExceptionGroup holds both. A step that calls
// pthread_exit() ends the thread that runs it, which may be the caller's.

#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <vector>

#include "threadwise/detail/parallel/loop.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {

/// Calls `body(element)` for each element of the range, in no particular order and by several threads at once.
template <detail::IndexedRange Range, class Body>
void parallel_for(ThreadPoolExecutor& executor, Range&& range, Body body, const std::stop_token& stop = {}) {
    detail::EachElement<std::ranges::iterator_t<Range>, Body> blocks{std::ranges::begin(range), body};
    detail::loop_by(&executor, static_cast<std::size_t>(std::ranges::size(range)), blocks, stop);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, class Body>
void parallel_for(Range&& range, Body body, const std::stop_token& stop = {}) {
    detail::EachElement<std::ranges::iterator_t<Range>, Body> blocks{std::ranges::begin(range), body};
    detail::loop_by(nullptr, static_cast<std::size_t>(std::ranges::size(range)), blocks, stop);
}

/// `body(i)` for each i from `first` up to, but without, `last`; i has the common type of both. Throws ValueError if
/// that is unsigned and `first` is below zero.
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for(ThreadPoolExecutor& executor, First first, Last last, Body body, const std::stop_token& stop = {}) {
    const detail::Integers<std::common_type_t<First, Last>> integers(first, last);
    detail::EachElement<decltype(integers.begin), Body> blocks{integers.begin, body};
    detail::loop_by(&executor, integers.size, blocks, stop);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for(First first, Last last, Body body, const std::stop_token& stop = {}) {
    const detail::Integers<std::common_type_t<First, Last>> integers(first, last);
    detail::EachElement<decltype(integers.begin), Body> blocks{integers.begin, body};
    detail::loop_by(nullptr, integers.size, blocks, stop);
}

/// `body(begin, end)` for blocks of integers that cover `first` to `last` together, each from `begin` up to, but
/// without, `end`; for bodies that gain from a loop of their own, such as one that the compiler turns into vector
/// instructions, or that share something costly among steps. A block is small enough for uneven ones to even out.
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for_blocks(ThreadPoolExecutor& executor, First first, Last last, Body body,
                         const std::stop_token& stop = {}) {
    using Index = std::common_type_t<First, Last>;
    const detail::Integers<Index> integers(first, last);
    detail::EachBlock<Index, Body> blocks{integers.begin, body};
    detail::loop_by(&executor, integers.size, blocks, stop);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::integral First, class Last, class Body>
    requires std::integral<std::common_type_t<First, Last>>
void parallel_for_blocks(First first, Last last, Body body, const std::stop_token& stop = {}) {
    using Index = std::common_type_t<First, Last>;
    const detail::Integers<Index> integers(first, last);
    detail::EachBlock<Index, Body> blocks{integers.begin, body};
    detail::loop_by(nullptr, integers.size, blocks, stop);
}

namespace detail {

/// The elements of a range whose iterators can only step: the caller walks it once, and the loop is over that.
template <class Range>
std::vector<std::ranges::iterator_t<Range>> iterators_of(Range& range) {
    std::vector<std::ranges::iterator_t<Range>> iterators;
    for (auto at = std::ranges::begin(range); at != std::ranges::end(range); ++at) iterators.push_back(at);
    return iterators;
}

}  // namespace detail

/// parallel_for() for ranges that need not have random access, such as lists, sets and maps: the caller walks over the
/// range first. 8 bytes of memory an element, as a rule; none for ranges that parallel_for() takes.
template <std::ranges::forward_range Range, class Body>
void parallel_for_each(ThreadPoolExecutor& executor, Range&& range, Body body, const std::stop_token& stop = {}) {
    if constexpr (std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>) {
        parallel_for(executor, range, std::move(body), stop);
    } else {
        parallel_for(
            executor, detail::iterators_of(range), [&body](const auto& at) { std::invoke(body, *at); }, stop);
    }
}

/// The same in the pool that runs the calling task, or in default_executor().
template <std::ranges::forward_range Range, class Body>
void parallel_for_each(Range&& range, Body body, const std::stop_token& stop = {}) {
    if constexpr (std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>) {
        parallel_for(range, std::move(body), stop);
    } else {
        parallel_for(
            detail::iterators_of(range), [&body](const auto& at) { std::invoke(body, *at); }, stop);
    }
}

}  // namespace threadwise
