// A storm over all primitives, queues, futures and pools. THREADWISE_STORM_SEED replays one's choices.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "storm/storm.hpp"

namespace threadwise::storm {
namespace {

using namespace std::chrono_literals;

std::uint64_t seed() {
    if (const char* const given = std::getenv("THREADWISE_STORM_SEED")) return std::stoull(given);
    return std::random_device()();
}

TEST(Storm, StressLosesNothing) { Storm(seed()).run(3s); }

TEST(Storm, SoakLosesNothing) {
    const std::uint64_t first = seed();
    for (std::uint64_t i = 0; i < 60; ++i) Storm(first + i).run(3s);
}

}  // namespace
}  // namespace threadwise::storm
