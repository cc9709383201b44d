#pragma once
// parallel_find_if: the first element that meets a condition.
// C++: std::find_if, but for ranges, and in a pool.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <utility>

#include "threadwise/detail/parallel/loop.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// Looks for a match in blocks; leaves out what lies behind one that is known.
template <class Iterator, class Predicate>
class FirstMatch {
public:
    FirstMatch(Iterator begin, std::size_t size, Predicate& predicate) noexcept
        : begin_(begin), predicate_(predicate), first_(size) {}

    void operator()(std::size_t at, std::size_t end) {
        constexpr std::size_t stride = 64;
        while (at < end) {
            // relaxed, here and below: the position alone is shared; the end of the loop orders it for the caller.
            if (at >= first_.load(std::memory_order_relaxed)) return;
            for (const std::size_t pause = std::min(end, at + stride); at < pause; ++at) {
                if (std::invoke(predicate_, begin_[static_cast<std::iter_difference_t<Iterator>>(at)])) {
                    return found(at);
                }
            }
        }
    }

    std::size_t position() const noexcept { return first_.load(std::memory_order_relaxed); }

private:
    void found(std::size_t at) noexcept {
        std::size_t known = first_.load(std::memory_order_relaxed);
        while (at < known && !first_.compare_exchange_weak(known, at, std::memory_order_relaxed)) {}
    }

    const Iterator begin_;
    Predicate& predicate_;
    std::atomic<std::size_t> first_;
};

template <class Range, class Predicate>
std::ranges::iterator_t<Range> find_by(ThreadPoolExecutor* executor, Range& range, Predicate& predicate) {
    const auto begin = std::ranges::begin(range);
    const auto size = static_cast<std::size_t>(std::ranges::size(range));
    FirstMatch<std::ranges::iterator_t<Range>, Predicate> match(begin, size, predicate);
    loop_by(executor, size, match);
    return begin + static_cast<std::ranges::range_difference_t<Range>>(match.position());
}

}  // namespace detail

/// Returns an iterator to the first element for which `predicate(element)` is true, or the end. Elements behind a match
/// that is known are looked at no more, but for some 64 of them a thread; those before it all are, once. Runs, and
/// ends, as parallel_for() does; what `predicate` throws is thrown even if there is a match before that element.
template <detail::IndexedRange Range, class Predicate>
std::ranges::borrowed_iterator_t<Range> parallel_find_if(ThreadPoolExecutor& executor, Range&& range,
                                                         Predicate predicate) {
    return detail::find_by(&executor, range, predicate);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, class Predicate>
std::ranges::borrowed_iterator_t<Range> parallel_find_if(Range&& range, Predicate predicate) {
    return detail::find_by(nullptr, range, predicate);
}

}  // namespace threadwise
