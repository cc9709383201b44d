#include "inspect/wait_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace threadwise::inspect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST(WaitGraph, OfNobodyWaitingHasNoCycle) { EXPECT_THAT(find_cycles({}), IsEmpty()); }

TEST(WaitGraph, AChainIsNoCycle) { EXPECT_THAT(find_cycles({{1, 2}, {2, 3}, {3, 4}, {7, 3}, {9, 1}}), IsEmpty()); }

TEST(WaitGraph, AThreadThatWaitsForItselfIsACycle) {
    EXPECT_THAT(find_cycles({{5, 5}, {4, 5}}), ElementsAre(ElementsAre(5)));
}

TEST(WaitGraph, ACycleFollowsTheEdgesFromTheLeastIdentOn) {
    EXPECT_THAT(find_cycles({{3, 9}, {9, 2}, {2, 3}}), ElementsAre(ElementsAre(2, 3, 9)));
    EXPECT_THAT(find_cycles({{3, 2}, {9, 3}, {2, 9}}), ElementsAre(ElementsAre(2, 9, 3)));
}

TEST(WaitGraph, WaitersForACycleAreNotInIt) {
    EXPECT_THAT(find_cycles({{1, 4}, {2, 4}, {4, 5}, {5, 4}, {6, 1}}), ElementsAre(ElementsAre(4, 5)));
}

TEST(WaitGraph, CyclesApartAreAllFound) {
    EXPECT_THAT(find_cycles({{1, 2}, {2, 1}, {3, 4}, {4, 3}, {5, 1}}),
                UnorderedElementsAre(ElementsAre(1, 2), ElementsAre(3, 4)));
}

TEST(WaitGraph, AWaitForSeveralIsInACycleIfOneOfThemIs) {
    EXPECT_THAT(find_cycles({{1, 2}, {1, 3}, {1, 4}, {3, 1}}), ElementsAre(ElementsAre(1, 3)));
    EXPECT_THAT(find_cycles({{1, 3}, {1, 2}, {2, 4}, {4, 1}}), ElementsAre(ElementsAre(1, 2, 4)));
}

TEST(WaitGraph, NoThreadIsInTwoCycles) {
    EXPECT_THAT(find_cycles({{1, 2}, {2, 1}, {1, 3}, {3, 1}}), ElementsAre(ElementsAre(1, 2)));
}

TEST(WaitGraph, MayBeAsLongAsThereAreThreads) {
    std::vector<WaitEdge> edges;
    constexpr std::uint32_t threads = 100'000;
    for (std::uint32_t i = 1; i <= threads; ++i) edges.push_back({i, i % threads + 1});
    const auto cycles = find_cycles(edges);
    ASSERT_THAT(cycles, SizeIs(1));
    std::vector<std::uint32_t> all(threads);
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(cycles.front(), all);
}

}  // namespace
}  // namespace threadwise::inspect
