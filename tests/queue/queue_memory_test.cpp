// What a queue allocates: nothing while empty, nothing in steady flow, and after a burst it gives back all but a
// little.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "support/counting_allocator.hpp"
#include "threadwise/queue.hpp"

namespace threadwise {
namespace {

using testing::allocated;
using testing::allocations;

using BigItem = std::array<std::byte, 100>;

template <class AnyQueue>
void expect_memory_back(std::size_t at_most) {
    const std::size_t before = allocated;
    AnyQueue queue;
    for (int i = 0; i < 100'000; ++i) queue.put(BigItem{});
    EXPECT_GE(allocated - before, 100'000 * sizeof(BigItem));
    for (int i = 0; i < 100'000; ++i) queue.get();
    EXPECT_LE(allocated - before, at_most);
}

TEST(QueueMemory, ComesBackAfterABurst) {
    expect_memory_back<Queue<BigItem>>(20'000);
    // A deque keeps its index, 3 % of the most that it ever held.
    expect_memory_back<LifoQueue<BigItem>>(400'000);
    expect_memory_back<PriorityQueue<BigItem>>(400'000);
}

TEST(QueueMemory, IsNotAllocatedForAnEmptyQueue) {
    const std::size_t before = allocations;
    Queue<BigItem> queue(1'000'000);
    EXPECT_EQ(allocations, before);
}

TEST(QueueMemory, IsNotAllocatedInSteadyFlow) {
    Queue<BigItem> queue;
    for (int i = 0; i < 1'000; ++i) queue.put(BigItem{});
    for (int i = 0; i < 1'000; ++i) queue.get();
    const std::size_t before = allocations;
    for (int i = 0; i < 10'000; ++i) {
        queue.put(BigItem{});
        queue.get();
    }
    EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace threadwise
