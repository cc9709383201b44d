// shutdown() as Python 3.13 documents it, and as its own tests check it.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/queue.hpp"

namespace threadwise {
namespace {

using testing::wait_for_asleep;

template <class AnyQueue>
class QueueShutdownTest : public ::testing::Test {};

using Queues = ::testing::Types<Queue<int>, LifoQueue<int>, PriorityQueue<int>>;
TYPED_TEST_SUITE(QueueShutdownTest, Queues);

TYPED_TEST(QueueShutdownTest, RefusesPutsAndGetsOnceEmpty) {
    TypeParam queue(2);
    queue.put(1);
    queue.shutdown();
    EXPECT_TRUE(queue.is_shut_down());
    EXPECT_THROW(queue.put(2), ShutDown);
    EXPECT_THROW(queue.put_nowait(2), ShutDown);
    EXPECT_THROW((void)queue.try_put(2), ShutDown);
    EXPECT_THROW(queue.put_all(std::vector<int>{2}), ShutDown);
    EXPECT_EQ(queue.get(), 1);
    EXPECT_THROW(queue.get(), ShutDown);
    EXPECT_THROW(queue.get_nowait(), ShutDown);
    EXPECT_THROW((void)queue.try_get(), ShutDown);
    int item = 0;
    EXPECT_THROW(queue.get_some(&item, 1), ShutDown);
}

TYPED_TEST(QueueShutdownTest, RefusesPutsIntoAFullQueueToo) {
    TypeParam queue(1);
    queue.put(1);
    queue.shutdown();
    EXPECT_THROW(queue.put_nowait(2), ShutDown);
}

TYPED_TEST(QueueShutdownTest, ImmediateDropsTheItems) {
    TypeParam queue;
    for (int i = 0; i < 5'000; ++i) queue.put(i);
    queue.get();
    queue.shutdown(true);
    EXPECT_TRUE(queue.empty());
    EXPECT_THROW(queue.get(), ShutDown);
    EXPECT_THROW(queue.put(1), ShutDown);
}

TYPED_TEST(QueueShutdownTest, MayBecomeImmediateLater) {
    TypeParam queue;
    queue.put(1);
    queue.shutdown();
    queue.shutdown();
    queue.shutdown(true);
    EXPECT_THROW(queue.get(), ShutDown);
    queue.join();
}

TYPED_TEST(QueueShutdownTest, WakesGetters) {
    for (const bool immediate : {false, true}) {
        TypeParam queue;
        std::vector<std::jthread> getters;
        for (int i = 0; i < 3; ++i) getters.emplace_back([&] { EXPECT_THROW(queue.get(), ShutDown); });
        ASSERT_TRUE(wait_for_asleep(&queue, 3));
        queue.shutdown(immediate);
    }
}

TYPED_TEST(QueueShutdownTest, WakesPutters) {
    for (const bool immediate : {false, true}) {
        TypeParam queue(1);
        queue.put(0);
        std::vector<std::jthread> putters;
        for (int i = 0; i < 3; ++i) putters.emplace_back([&] { EXPECT_THROW(queue.put(1), ShutDown); });
        ASSERT_TRUE(wait_for_asleep(&queue, 3));
        queue.shutdown(immediate);
        putters.clear();
        EXPECT_EQ(queue.qsize(), immediate ? 0U : 1U);
    }
}

TYPED_TEST(QueueShutdownTest, PutAllSaysHowManyWerePutBefore) {
    TypeParam queue(2);
    std::jthread putter([&] { EXPECT_EQ(queue.put_all(std::vector<int>{1, 2, 3}), 2U); });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    queue.shutdown();
}

TYPED_TEST(QueueShutdownTest, JoinStillWaitsForWhatWasNotDropped) {
    TypeParam queue;
    queue.put(1);
    queue.put(2);
    queue.get();
    std::jthread joiner([&] { queue.join(); });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    queue.shutdown(true);
    EXPECT_EQ(testing::waiters(&queue), 1U) << "the item that was got is not done yet";
    queue.task_done();
    joiner.join();
    EXPECT_THROW(queue.task_done(), ValueError);
}

TYPED_TEST(QueueShutdownTest, ImmediateLetsJoinGo) {
    TypeParam queue;
    queue.put(1);
    std::jthread joiner([&] { queue.join(); });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    queue.shutdown(true);
}

TYPED_TEST(QueueShutdownTest, EndsTheIterationOfAllThreads) {
    TypeParam queue;
    std::atomic<int> sum{0};
    {
        std::vector<std::jthread> getters;
        for (int i = 0; i < 3; ++i) {
            getters.emplace_back([&] {
                for (const int item : queue) sum += item;
            });
        }
        for (int i = 1; i <= 1'000; ++i) queue.put(i);
        queue.shutdown();
    }
    EXPECT_EQ(sum, 500'500);
}

}  // namespace
}  // namespace threadwise
