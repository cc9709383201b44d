// A storm over all primitives, queues, futures and pools. THREADWISE_STORM_SEED replays one's choices.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

#include "storm/seed.hpp"
#include "storm/storm.hpp"

namespace threadwise::storm {
namespace {

using namespace std::chrono_literals;

TEST(Storm, StressLosesNothing) { Storm(choose_seed()).run(3s); }

TEST(Storm, SoakLosesNothing) {
    const std::uint64_t first = choose_seed();
    for (std::uint64_t i = 0; i < 60; ++i) Storm(first + i).run(3s);
}

}  // namespace
}  // namespace threadwise::storm
