#pragma once
// parallel_for: a loop whose steps run side by side.

#include <concepts>
#include <cstddef>
#include <functional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "threadwise/detail/parallel.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace detail {

/// As an iterator over the integers from `first` on.
template <class Index>
struct Counter {
    Index first;
    Index operator[](std::ptrdiff_t i) const noexcept { return static_cast<Index>(first + static_cast<Index>(i)); }
};

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
            std::invoke(body, begin[static_cast<std::ptrdiff_t>(first)]);
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

/// `body(i)` for each i from `first` up to, but without, `last`.
template <std::integral Index, class Body>
void parallel_for(Index first, std::type_identity_t<Index> last, Body body) {
    if (first >= last) return;
    detail::run_inside([&] {
        TaskGroup group;
        const detail::Counter<Index> begin{first};
        detail::for_each_on_demand(group, begin, 0, static_cast<std::size_t>(last) - static_cast<std::size_t>(first),
                                   body);
        group.wait();
    });
}

}  // namespace threadwise
