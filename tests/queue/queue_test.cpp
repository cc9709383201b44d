// What every queue does, whatever the order of its items: Python's documentation of queue.Queue, sentence by sentence.

#include "threadwise/queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::wait_for_asleep;

template <class AnyQueue>
class QueueTest : public ::testing::Test {};

using Queues = ::testing::Types<Queue<int>, LifoQueue<int>, PriorityQueue<int>, StablePriorityQueue<int>>;
TYPED_TEST_SUITE(QueueTest, Queues);

TYPED_TEST(QueueTest, IsEmptyAtFirst) {
    TypeParam queue;
    EXPECT_EQ(queue.qsize(), 0U);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.full());
    EXPECT_EQ(queue.maxsize(), 0);
    EXPECT_FALSE(queue.is_shut_down());
}

TYPED_TEST(QueueTest, GivesWhatWasPut) {
    TypeParam queue;
    queue.put(7);
    EXPECT_EQ(queue.qsize(), 1U);
    EXPECT_EQ(queue.get(), 7);
    EXPECT_TRUE(queue.empty());
}

TYPED_TEST(QueueTest, IsUnboundedWithAMaxsizeOfZeroOrLess) {
    for (const int maxsize : {0, -1}) {
        TypeParam queue(maxsize);
        for (int i = 0; i < 10'000; ++i) queue.put_nowait(i);
        EXPECT_EQ(queue.qsize(), 10'000U);
        EXPECT_FALSE(queue.full());
    }
}

TYPED_TEST(QueueTest, HoldsNoMoreThanMaxsize) {
    TypeParam queue(2);
    queue.put(1);
    queue.put(2);
    EXPECT_TRUE(queue.full());
    EXPECT_THROW(queue.put_nowait(3), Full);
    EXPECT_THROW(queue.put(3, 0ms), Full);
    EXPECT_THROW(queue.put(3, 1ms), Full);
    EXPECT_FALSE(queue.put(std::stop_token{}, 3, 1ms));
    EXPECT_FALSE(queue.try_put(3));
    EXPECT_EQ(queue.qsize(), 2U);
    queue.get();
    EXPECT_TRUE(queue.try_put(3));
}

TYPED_TEST(QueueTest, SaysThatItIsEmpty) {
    TypeParam queue;
    EXPECT_THROW(queue.get_nowait(), Empty);
    EXPECT_THROW(queue.get(0ms), Empty);
    EXPECT_THROW(queue.get(1ms), Empty);
    EXPECT_FALSE(queue.try_get());
    EXPECT_FALSE(queue.get(std::stop_token{}, 1ms));
}

TYPED_TEST(QueueTest, RefusesANegativeTimeout) {
    TypeParam queue(1);
    EXPECT_THROW(queue.put(1, -1ms), ValueError);
    EXPECT_THROW(queue.get(-1ms), ValueError);
    EXPECT_TRUE(queue.empty());
}

TYPED_TEST(QueueTest, GetWaitsForAnItem) {
    TypeParam queue;
    std::jthread getter([&] { EXPECT_EQ(queue.get(), 5); });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    queue.put(5);
}

TYPED_TEST(QueueTest, PutWaitsForRoom) {
    TypeParam queue(1);
    queue.put(1);
    std::jthread putter([&] { queue.put(2); });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    EXPECT_EQ(queue.get(), 1);
    EXPECT_EQ(queue.get(), 2);
}

TYPED_TEST(QueueTest, EveryWaitingGetterGetsAnItem) {
    TypeParam queue;
    std::vector<std::jthread> getters;
    for (int i = 0; i < 4; ++i) getters.emplace_back([&] { queue.get(); });
    ASSERT_TRUE(wait_for_asleep(&queue, 4));
    for (int i = 0; i < 4; ++i) queue.put(i);
}

TYPED_TEST(QueueTest, OneRoomAfterTheOtherGoesToEveryWaitingPutter) {
    TypeParam queue(1);
    queue.put(0);
    std::vector<std::jthread> putters;
    for (int i = 0; i < 4; ++i) putters.emplace_back([&] { queue.put(1); });
    ASSERT_TRUE(wait_for_asleep(&queue, 4));
    for (int i = 0; i < 5; ++i) queue.get();
}

TYPED_TEST(QueueTest, StopEndsAWait) {
    TypeParam queue(1);
    std::stop_source stop;
    std::jthread getter([&] { EXPECT_FALSE(queue.get(stop.get_token())); });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    stop.request_stop();
    getter.join();
    EXPECT_FALSE(queue.get(stop.get_token()));
    EXPECT_TRUE(queue.put(stop.get_token(), 1)) << "there is room: nothing to wait for";
    EXPECT_FALSE(queue.put(stop.get_token(), 2));
    EXPECT_EQ(queue.get(stop.get_token()), 1) << "there is an item: nothing to wait for";
}

TYPED_TEST(QueueTest, InterruptEndsAWait) {
    TypeParam queue(1);
    testing::SharedRecord record;
    std::jthread getter([&] {
        record.share();
        EXPECT_THROW(queue.get(), InterruptedError);
        queue.put(1);
        EXPECT_THROW(queue.put(2), InterruptedError);
    });
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    runtime::interrupt(record.get());
    ASSERT_TRUE(testing::wait_until([&] { return queue.full(); }));
    ASSERT_TRUE(wait_for_asleep(&queue, 1));
    runtime::interrupt(record.get());
}

TYPED_TEST(QueueTest, JoinWaitsUntilAllTasksAreDone) {
    TypeParam queue;
    queue.join();
    queue.put(1);
    queue.put(2);
    std::jthread joiner([&] {
        queue.join();
        EXPECT_TRUE(queue.empty());
    });
    ASSERT_TRUE(testing::wait_for_waiters(&queue, 1));
    queue.get();
    queue.task_done();
    EXPECT_EQ(testing::waiters(&queue), 1U);
    queue.get();
    queue.task_done();
    joiner.join();
    EXPECT_THROW(queue.task_done(), ValueError);
}

TYPED_TEST(QueueTest, PutsAndGetsManyAtOnce) {
    TypeParam queue;
    const std::vector<int> items{1, 2, 3, 4, 5};
    EXPECT_EQ(queue.put_all(items), 5U);
    EXPECT_EQ(queue.qsize(), 5U);
    std::vector<int> got;
    EXPECT_EQ(queue.get_some(std::back_inserter(got), 0), 0U);
    EXPECT_EQ(queue.get_some(std::back_inserter(got), 3), 3U);
    EXPECT_EQ(queue.get_some(std::back_inserter(got), 3), 2U);
    EXPECT_THAT(got, ::testing::UnorderedElementsAreArray(items));
    EXPECT_EQ(queue.get_some(got.begin(), 3, 1ms), 0U);
}

TYPED_TEST(QueueTest, PutAllStopsAtTheBound) {
    TypeParam queue(3);
    const std::vector<int> items{1, 2, 3, 4, 5};
    EXPECT_EQ(queue.put_all(items, 1ms), 3U);
    EXPECT_TRUE(queue.full());
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(queue.put_all(stop.get_token(), items), 0U);
    EXPECT_EQ(queue.get_some(stop.get_token(), std::vector<int>(3).begin(), 3), 3U);
    EXPECT_EQ(queue.get_some(stop.get_token(), std::vector<int>(3).begin(), 3), 0U);
}

TYPED_TEST(QueueTest, PutAllWaitsForRoomAgainAndAgain) {
    TypeParam queue(2);
    std::jthread putter([&] { EXPECT_EQ(queue.put_all(std::vector<int>(100, 1)), 100U); });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.get(), 1);
}

TYPED_TEST(QueueTest, OnePutAllIsEnoughForAllWhoWait) {
    TypeParam queue;
    std::vector<std::jthread> getters;
    for (int i = 0; i < 4; ++i) getters.emplace_back([&] { queue.get(); });
    ASSERT_TRUE(wait_for_asleep(&queue, 4));
    queue.put_all(std::vector<int>{1, 2, 3, 4});
}

TYPED_TEST(QueueTest, IteratesUntilShutdown) {
    TypeParam queue;
    queue.put_all(std::vector<int>{1, 2, 3});
    queue.shutdown();
    int sum = 0;
    for (const int item : queue) sum += item;
    EXPECT_EQ(sum, 6);
    for (const int item : queue) ADD_FAILURE() << "nothing is left, but " << item;
}

template <class AnyQueue>
class MoveOnlyQueueTest : public ::testing::Test {};

using Pointer = std::unique_ptr<int>;
using MoveOnlyQueues = ::testing::Types<Queue<Pointer>, LifoQueue<Pointer>, PriorityQueue<Pointer>>;
TYPED_TEST_SUITE(MoveOnlyQueueTest, MoveOnlyQueues);

TYPED_TEST(MoveOnlyQueueTest, TakesMoveOnlyItems) {
    TypeParam queue(1);
    queue.put(std::make_unique<int>(1));
    EXPECT_EQ(*queue.get(), 1);
    std::vector<Pointer> items;
    items.push_back(std::make_unique<int>(2));
    queue.put_all(std::move(items));
    EXPECT_EQ(**queue.try_get(), 2);
}

TYPED_TEST(MoveOnlyQueueTest, LeavesAnItemAloneThatItDoesNotTake) {
    TypeParam queue(1);
    queue.put(std::make_unique<int>(1));
    Pointer item = std::make_unique<int>(2);
    EXPECT_FALSE(queue.try_put(std::move(item)));
    EXPECT_THROW(queue.put(std::move(item), 1ms), Full);
    queue.shutdown();
    EXPECT_THROW(queue.put(std::move(item)), ShutDown);
    ASSERT_NE(item, nullptr);
    EXPECT_EQ(*item, 2);
}

TEST(Queue, ConvertsWhatIsPut) {
    Queue<std::string> queue;
    queue.put("text");
    queue.put({"xxxx", 3});
    std::string kept = "kept";
    queue.put(kept);
    EXPECT_EQ(kept, "kept");
    EXPECT_EQ(queue.get(), "text");
    EXPECT_EQ(queue.get(), "xxx");
    EXPECT_EQ(queue.get(), "kept");
}

TEST(Queue, IsFirstInFirstOut) {
    Queue<int> queue;
    for (int i = 0; i < 100'000; ++i) queue.put(i);
    for (int i = 0; i < 100'000; ++i) ASSERT_EQ(queue.get(), i);
}

TEST(Queue, DestroysWhatIsLeft) {
    const auto item = std::make_shared<int>(1);
    {
        Queue<std::shared_ptr<int>> queue;
        for (int i = 0; i < 10'000; ++i) queue.put(item);
        for (int i = 0; i < 5'000; ++i) queue.get();
        EXPECT_EQ(item.use_count(), 5'001);
    }
    EXPECT_EQ(item.use_count(), 1);
}

TEST(LifoQueue, IsLastInFirstOut) {
    LifoQueue<int> queue;
    for (int i = 0; i < 1'000; ++i) queue.put(i);
    for (int i = 1'000; i-- > 0;) ASSERT_EQ(queue.get(), i);
}

TEST(SimpleQueue, IsFirstInFirstOutWithoutBound) {
    SimpleQueue<int> queue;
    for (int i = 0; i < 10'000; ++i) queue.put(i);
    queue.put_nowait(10'000);
    EXPECT_EQ(queue.qsize(), 10'001U);
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(queue.get(), i);
    EXPECT_EQ(queue.get_nowait(), 10'000);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.try_get());
    EXPECT_FALSE(queue.get(std::stop_token{}, 1ms));
    EXPECT_THROW(queue.get_nowait(), Empty);
    EXPECT_THROW(queue.get(1ms), Empty);
}

}  // namespace
}  // namespace threadwise
