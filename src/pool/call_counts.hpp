#pragma once
// How many calls have ended how, and how long that took.

#include <array>
#include <atomic>
#include <cstdint>

#include "platform/clock.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/pool_stats.hpp"

namespace threadwise::detail {

/// Has one writer at a time, so that counting takes no atomic operation: each worker has its own.
///
/// relaxed throughout: these are figures to look at. A reader that has seen a future done also sees it counted, since
/// that is what happens before.
class CallCounts {
public:
    void add(TaskOutcome outcome) noexcept { increment(outcomes_[static_cast<std::size_t>(outcome)]); }

    void add_to(PoolStats& stats) const noexcept {
        stats.done += outcome(TaskOutcome::done);
        stats.failed += outcome(TaskOutcome::failed);
        stats.cancelled += outcome(TaskOutcome::cancelled);
    }

    static void increment(std::atomic<std::uint64_t>& count) noexcept {
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

private:
    std::uint64_t outcome(TaskOutcome outcome) const noexcept {
        return outcomes_[static_cast<std::size_t>(outcome)].load(std::memory_order_relaxed);
    }

    std::array<std::atomic<std::uint64_t>, 3> outcomes_{};
};

/// The same for durations.
class CallTimes {
public:
    void add(platform::Instant submitted, platform::Instant began, platform::Instant ended) noexcept {
        CallCounts::increment(wait_times_[bucket(began - submitted)]);
        CallCounts::increment(run_times_[bucket(ended - began)]);
    }

    void add_to(PoolStats& stats) const noexcept;

private:
    using Counts = std::array<std::atomic<std::uint64_t>, DurationHistogram::buckets>;

    static std::size_t bucket(std::chrono::nanoseconds duration) noexcept;

    Counts wait_times_{};
    Counts run_times_{};
};

}  // namespace threadwise::detail
