// Every operation of a queue takes effect at one moment between its call and its return.

#include "queue/linearizability.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/detail/queue/queue_lock.hpp"
#include "threadwise/queue.hpp"

namespace threadwise {
namespace {

using testing::LinearizabilityCheck;
using testing::Operation;
using testing::SequentialQueue;
using Kind = Operation::Kind;
using Order = SequentialQueue::Order;

TEST(LinearizabilityCheck, KnowsGoodHistories) {
    const SequentialQueue queue{Order::fifo, 2};
    EXPECT_TRUE(
        LinearizabilityCheck({{Kind::put, 1, 0, 1}, {Kind::get, 1, 2, 3}, {Kind::get_empty, 0, 4, 5}}).passes(queue));
    EXPECT_TRUE(LinearizabilityCheck({{Kind::put, 1, 0, 9}, {Kind::get, 1, 2, 3}}).passes(queue)) << "they overlap";
}

TEST(LinearizabilityCheck, KnowsBadHistories) {
    const SequentialQueue queue{Order::fifo, 2};
    EXPECT_FALSE(LinearizabilityCheck({{Kind::put, 1, 2, 3}, {Kind::get, 1, 0, 1}}).passes(queue)) << "from the future";
    EXPECT_FALSE(LinearizabilityCheck({{Kind::put, 1, 0, 1}, {Kind::get_empty, 0, 2, 3}}).passes(queue))
        << "overlooked";
    EXPECT_FALSE(LinearizabilityCheck({{Kind::put, 1, 0, 1}, {Kind::put, 2, 2, 3}, {Kind::get, 2, 4, 5}}).passes(queue))
        << "overtaken";
    EXPECT_FALSE(LinearizabilityCheck({{Kind::put, 1, 0, 1}, {Kind::put_full, 2, 2, 3}}).passes(queue)) << "not full";
}

/// Some random operations of one thread on a queue, none of which waits.
template <class AnyQueue>
std::vector<Operation> operate(AnyQueue& queue, std::atomic<std::uint64_t>& clock, unsigned seed, int first_item) {
    constexpr int operations = 6;
    std::minstd_rand random(seed);
    std::vector<Operation> history;
    for (int i = 0; i < operations; ++i) {
        Operation operation{Kind::put, first_item + i, clock.fetch_add(1), 0};
        if (random() % 2 == 0) {
            if (!queue.try_put(operation.item)) operation.kind = Kind::put_full;
        } else if (const auto item = queue.try_get()) {
            operation.kind = Kind::get;
            operation.item = *item;
        } else {
            operation.kind = Kind::get_empty;
        }
        operation.returned = clock.fetch_add(1);
        history.push_back(operation);
    }
    return history;
}

template <class AnyQueue>
void check_histories(Order order) {
    constexpr std::size_t threads = 3;
    constexpr unsigned rounds = 400;
    for (unsigned round = 0; round < rounds; ++round) {
        const std::size_t maxsize = 1 + round % 4;
        AnyQueue queue(static_cast<std::ptrdiff_t>(maxsize));
        std::atomic<std::uint64_t> clock{0};
        std::vector<std::vector<Operation>> histories(threads);
        // Now and then a thread has been alone with the queue for so long that its locks are biased to it.
        std::atomic<bool> ready{round % 4 != 0};
        testing::run_together(threads, [&](std::size_t me) {
            if (me == 0 && !ready) {
                for (std::uint32_t i = 0; i <= detail::QueueLock::least_worth; ++i) {
                    queue.put(0);
                    queue.get();
                }
                ready = true;
            }
            while (!ready) std::this_thread::yield();
            histories[me] =
                operate(queue, clock, round * 7 + static_cast<unsigned>(me) + 1, static_cast<int>(me) * 100);
        });
        std::vector<Operation> history;
        for (const auto& part : histories) history.insert(history.end(), part.begin(), part.end());
        ASSERT_TRUE(LinearizabilityCheck(history).passes({order, maxsize})) << "round " << round;
    }
}

TEST(Linearizability, OfQueue) { check_histories<Queue<int>>(Order::fifo); }
TEST(Linearizability, OfLifoQueue) { check_histories<LifoQueue<int>>(Order::lifo); }
TEST(Linearizability, OfPriorityQueue) { check_histories<PriorityQueue<int>>(Order::priority); }

}  // namespace
}  // namespace threadwise
