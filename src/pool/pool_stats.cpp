#include "threadwise/pool_stats.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "pool/call_counts.hpp"

namespace threadwise {

std::uint64_t DurationHistogram::count() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t some : counts) sum += some;
    return sum;
}

std::chrono::nanoseconds DurationHistogram::quantile(double share) const noexcept {
    const double wanted = std::ceil(share * static_cast<double>(count()));
    double seen = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        seen += static_cast<double>(counts[bucket]);
        if (seen > 0 && seen >= wanted) return upper_bound(bucket);
    }
    return std::chrono::nanoseconds(0);
}

namespace detail {

std::size_t CallTimes::bucket(std::chrono::nanoseconds duration) noexcept {
    const auto width = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)));
    return std::min(static_cast<std::size_t>(width), DurationHistogram::buckets - 1);
}

void CallTimes::add_to(PoolStats& stats) const noexcept {
    for (std::size_t i = 0; i < DurationHistogram::buckets; ++i) {
        stats.wait_times.counts[i] += wait_times_[i].load(std::memory_order_relaxed);
        stats.run_times.counts[i] += run_times_[i].load(std::memory_order_relaxed);
    }
}

}  // namespace detail
}  // namespace threadwise
