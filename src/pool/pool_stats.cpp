#include "threadwise/pool_stats.hpp"

#include <cmath>

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

}  // namespace threadwise
