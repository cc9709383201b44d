// What a queue allocates: nothing while empty, nothing in steady flow, and after a burst it gives back all but a
// little.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "threadwise/queue.hpp"

namespace {

std::atomic<std::size_t> allocated{0};  // bytes now in use
std::atomic<std::size_t> allocations{0};

constexpr std::size_t header = alignof(std::max_align_t);

}  // namespace

void* operator new(std::size_t size) {
    void* const memory = std::malloc(size + header);
    if (memory == nullptr) throw std::bad_alloc();
    *static_cast<std::size_t*>(memory) = size;
    allocated += size;
    ++allocations;
    return static_cast<std::byte*>(memory) + header;
}

void operator delete(void* pointer) noexcept {
    if (pointer == nullptr) return;
    void* const memory = static_cast<std::byte*>(pointer) - header;
    allocated -= *static_cast<std::size_t*>(memory);
    std::free(memory);
}

void operator delete(void* pointer, std::size_t) noexcept { operator delete(pointer); }

namespace threadwise {
namespace {

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
