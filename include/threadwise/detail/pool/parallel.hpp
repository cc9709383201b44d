#pragma once
// What the parallel algorithms share: where they run, and when they split.

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <utility>

#include "threadwise/detail/futures/worker.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise::detail {

/// A range whose elements can be reached by their number.
template <class Range>
concept IndexedRange = std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>;

/// Calls `work()` in a worker of the pool: here, if this is one, or there, while the calling thread waits. Here as well
/// if the pool has no thread and none can be started.
template <class Work>
void run_inside(ThreadPoolExecutor& executor, Work&& work) {
    if (executor.runs_this_thread() || !has_worker(executor)) {
        work();
        return;
    }
    TaskGroup group(executor);
    group.run([&work] { work(); });
    group.wait();
}

/// The same in the pool that this thread belongs to, or else in the default one.
template <class Work>
void run_inside(Work&& work) {
    if (this_worker != nullptr) {
        work();
    } else {
        run_inside(default_executor(), work);
    }
}

/// One or the other: `executor` may be null.
template <class Work>
void run_inside(ThreadPoolExecutor* executor, Work&& work) {
    if (executor != nullptr) {
        run_inside(*executor, work);
    } else {
        run_inside(work);
    }
}

/// Lazy splitting (Tzannes, Caragea, Barua and Vishkin, "Lazy binary-splitting", 2010): work is split when somebody has
/// nothing to do and finds nothing to steal from this worker, and not before. Two loads. Outside of pools: never.
inline bool work_is_wanted() noexcept {
    return this_worker != nullptr && this_worker->others_are_idle() && !this_worker->deque().has_shared();
}

/// Elements to do before looking up again, at most: looking up costs nothing beside so many.
inline constexpr std::size_t largest_piece = 4096;

/// How many of `left` elements to do before looking up again: few enough that what cannot be split any more is a small
/// part of what is left.
inline std::size_t piece_of(std::size_t left) noexcept { return std::clamp<std::size_t>(left / 64, 1, largest_piece); }

}  // namespace threadwise::detail
