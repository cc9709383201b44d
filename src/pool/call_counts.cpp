#include "pool/call_counts.hpp"

#include <algorithm>
#include <bit>

namespace threadwise::detail {

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

}  // namespace threadwise::detail
