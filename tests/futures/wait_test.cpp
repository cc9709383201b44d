#include "threadwise/wait.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "threadwise/as_completed.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

struct Wait : testing::Test {
    Future<int> a = Future<int>::create();
    Future<int> b = Future<int>::create();
    std::vector<Future<int>> both{a, b};
};

TEST_F(Wait, ReturnsAtOnceWhenAllAreDone) {
    a.set_result(1);
    b.cancel();
    const auto [done, not_done] = wait(both);
    EXPECT_EQ(done, both) << "cancelled futures are done";
    EXPECT_TRUE(not_done.empty());
    EXPECT_TRUE(wait(std::vector<Future<int>>()).done.empty());
}

TEST_F(Wait, WaitsForAll) {
    const std::jthread setter([this] {
        b.set_result(1);
        a.set_result(1);
    });
    EXPECT_EQ(wait(both).done, both);
}

TEST_F(Wait, TellsWhatIsNotDoneInTime) {
    a.set_result(1);
    const auto [done, not_done] = wait(both, 1ms);
    EXPECT_EQ(done, std::vector{a});
    EXPECT_EQ(not_done, std::vector{b});
    EXPECT_EQ(wait(both, 1ms, FIRST_EXCEPTION).not_done, std::vector{b});
    EXPECT_EQ(wait(std::vector{b}, 1ms, FIRST_COMPLETED).not_done, std::vector{b});
}

TEST_F(Wait, EndsWhenStopIsRequested) {
    a.set_result(1);
    for (const ReturnWhen when : {ALL_COMPLETED, FIRST_EXCEPTION}) {
        std::stop_source stop;
        const std::jthread stopper([&] { stop.request_stop(); });
        const auto [done, not_done] = wait(stop.get_token(), both, forever, when);
        EXPECT_EQ(done, std::vector{a});
        EXPECT_EQ(not_done, std::vector{b});
    }
    b.set_result(1);
    EXPECT_EQ(wait(std::stop_token(), both).done, both);
}

TEST_F(Wait, AsCompletedThrowsWhenStopIsRequested) {
    a.set_result(1);
    std::stop_source stop;
    auto completed = as_completed(stop.get_token(), both);
    auto next = completed.begin();
    EXPECT_EQ(*next, a);
    const std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_THROW(++next, InterruptedError);
}

TEST_F(Wait, AsCompletedGivesWhatIsDoneEvenAfterAStop) {
    a.set_result(1);
    b.set_result(1);
    std::stop_source stop;
    stop.request_stop();
    std::vector<Future<int>> seen;
    for (auto& future : as_completed(stop.get_token(), both)) seen.push_back(future);
    EXPECT_EQ(seen, both);
}

TEST_F(Wait, WaitsForTheFirst) {
    const std::jthread setter([this] { b.set_result(1); });
    const auto [done, not_done] = wait(both, forever, FIRST_COMPLETED);
    EXPECT_EQ(done, std::vector{b});
    EXPECT_EQ(not_done, std::vector{a});
}

TEST_F(Wait, WaitsForTheFirstException) {
    const std::jthread setter([this] { b.set_exception(std::make_exception_ptr(std::runtime_error("failed"))); });
    EXPECT_EQ(wait(both, forever, FIRST_EXCEPTION).done, std::vector{b});
}

TEST_F(Wait, WaitsForAllWhenNothingFails) {
    const std::jthread setter([this] {
        a.cancel();  // is not a failure
        b.set_result(1);
    });
    EXPECT_EQ(wait(both, forever, FIRST_EXCEPTION).done, both);
}

TEST_F(Wait, CountsEachFutureOnce) {
    a.set_result(1);
    EXPECT_EQ(wait(std::vector{a, a, a}).done, std::vector{a});
}

TEST_F(Wait, LeavesNothingBehindWhenItTimesOut) {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(wait(both, 0s, FIRST_COMPLETED).done.empty());
    a.set_result(1);
    b.set_result(1);
}

TEST_F(Wait, IsWokenByFuturesThatComeWhileItLeaves) {
    for (int i = 0; i < 200; ++i) {
        std::vector<Future<int>> futures{Future<int>::create(), Future<int>::create()};
        const std::jthread first([&] { futures[0].set_result(0); });
        const std::jthread second([future = futures[1]] { future.set_result(1); });
        EXPECT_FALSE(wait(futures, forever, FIRST_COMPLETED).done.empty());
    }
}

struct AsCompletedTest : Wait {};

TEST_F(AsCompletedTest, GivesThemInTheOrderOfCompletion) {
    std::vector<int> order;
    b.set_result(2);
    for (const auto& future : as_completed(both)) {
        order.push_back(future.result());
        if (!a.done()) a.set_result(1);
    }
    EXPECT_EQ(order, (std::vector{2, 1}));
}

TEST_F(AsCompletedTest, StreamsFromOtherThreads) {
    auto range = as_completed(both);
    const std::jthread setter([this] {
        b.set_result(2);
        a.cancel();
    });
    std::vector<Future<int>> order;
    for (const auto& future : range) order.push_back(future);
    EXPECT_EQ(order, (std::vector{b, a}));
}

TEST_F(AsCompletedTest, ThrowsWhenTimeIsUp) {
    a.set_result(1);
    auto futures = as_completed(both, 1ms);
    auto it = futures.begin();
    EXPECT_EQ(*it, a);
    EXPECT_THROW(++it, TimeoutError);
}

TEST_F(AsCompletedTest, GivesEachOnceAndNothingForNone) {
    a.set_result(1);
    int count = 0;
    for ([[maybe_unused]] const auto& future : as_completed(std::vector{a, a})) ++count;
    for ([[maybe_unused]] const auto& future : as_completed(std::vector<Future<int>>())) ++count;
    EXPECT_EQ(count, 1);
}

TEST_F(AsCompletedTest, FreesWhatItHasGivenOut) {
    const auto held = std::make_shared<int>(0);
    std::vector<Future<std::shared_ptr<int>>> futures;
    for (int i = 0; i < 3; ++i) {
        futures.push_back(Future<std::shared_ptr<int>>::create());
        futures.back().set_result(held);
    }
    auto range = as_completed(std::move(futures));
    futures.clear();
    long left = 4;
    for (auto& future : range) {
        EXPECT_EQ(held.use_count(), left--);
        future = {};
    }
}

TEST_F(AsCompletedTest, StressReadsAllThatAPoolDoes) {
    ThreadPoolExecutor pool(3);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 5000; ++i) futures.push_back(pool.submit([i] { return i; }));
    long sum = 0;
    for (auto& future : as_completed(futures)) sum += future.result();
    EXPECT_EQ(sum, 4999L * 5000 / 2);
}

}  // namespace
}  // namespace threadwise
