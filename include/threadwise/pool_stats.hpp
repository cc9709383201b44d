#pragma once
// What a ThreadPoolExecutor can tell of its work.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise {

/// How often something took how long, in powers of two.
struct DurationHistogram {
    static constexpr std::size_t buckets = 48;

    /// counts[i]: how often it took less than upper_bound(i), and no less than the bound before.
    std::array<std::uint64_t, buckets> counts{};

    static constexpr std::chrono::nanoseconds upper_bound(std::size_t bucket) noexcept {
        return std::chrono::nanoseconds(std::int64_t{1} << bucket);
    }

    /// How often in all.
    THREADWISE_API std::uint64_t count() const noexcept;

    /// What the given share (0.5: the median) took less than, rounded up to a power of two; zero of nothing.
    THREADWISE_API std::chrono::nanoseconds quantile(double share) const noexcept;
};

/// At one moment; while tasks run the parts need not fit together exactly. Counted are calls, from submit(), map() and
/// fire_and_forget(), and not what a TaskGroup forks.
struct PoolStats {
    std::size_t queued = 0;   ///< submitted from outside, or with a priority, and not begun
    std::size_t running = 0;  ///< workers that run a task, asleep in it or not
    std::size_t threads = 0;
    std::uint64_t done = 0;       ///< returned; a thread that has seen the future done finds it counted
    std::uint64_t failed = 0;     ///< threw; as above
    std::uint64_t cancelled = 0;  ///< counted once the pool has noticed, when the call's turn would have come

    /// From submission to beginning, and from there to the end. Empty without `measure_times`. What a waiting task or
    /// the submitter itself called is not in there.
    DurationHistogram wait_times;
    DurationHistogram run_times;
};

}  // namespace threadwise
