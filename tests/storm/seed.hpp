#pragma once
// Where a storm's choices come from.

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace threadwise::storm {

/// THREADWISE_STORM_SEED, or another one each time.
inline std::uint64_t choose_seed() {
    if (const char* const given = std::getenv("THREADWISE_STORM_SEED")) return std::stoull(given);
    return std::random_device()();
}

}  // namespace threadwise::storm
