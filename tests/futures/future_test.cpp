#include "threadwise/future.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace threadwise {
namespace {

using namespace std::chrono_literals;

std::exception_ptr error(const char* what) { return std::make_exception_ptr(std::out_of_range(what)); }

TEST(Future, IsPendingAtFirst) {
    const auto future = Future<int>::create();
    EXPECT_TRUE(future.valid());
    EXPECT_FALSE(future.done());
    EXPECT_FALSE(future.running());
    EXPECT_FALSE(future.cancelled());
    EXPECT_FALSE(Future<int>().valid());
}

TEST(Future, GoesThroughItsStates) {
    const auto future = Future<int>::create();
    EXPECT_TRUE(future.set_running_or_notify_cancel());
    EXPECT_TRUE(future.running());
    EXPECT_FALSE(future.done());
    future.set_result(7);
    EXPECT_FALSE(future.running());
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.cancelled());
    EXPECT_EQ(future.result(), 7);
    EXPECT_EQ(future.exception(), nullptr);
}

TEST(Future, CancelsOnlyWhatIsPending) {
    auto pending = Future<int>::create();
    EXPECT_TRUE(pending.cancel());
    EXPECT_TRUE(pending.cancel());
    EXPECT_TRUE(pending.cancelled());
    EXPECT_TRUE(pending.done());
    EXPECT_THROW(pending.result(), CancelledError);
    EXPECT_THROW(pending.exception(), CancelledError);

    auto running = Future<int>::create();
    running.set_running_or_notify_cancel();
    EXPECT_FALSE(running.cancel());
    running.set_result(1);
    EXPECT_FALSE(running.cancel());
    EXPECT_FALSE(running.cancelled());
}

TEST(Future, TellsItsExecutorThatItWasCancelled) {
    auto future = Future<int>::create();
    future.cancel();
    EXPECT_FALSE(future.set_running_or_notify_cancel());
    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.set_running_or_notify_cancel(), InvalidStateError);
}

TEST(Future, StartsOnlyOnce) {
    const auto future = Future<int>::create();
    future.set_running_or_notify_cancel();
    EXPECT_THROW(future.set_running_or_notify_cancel(), InvalidStateError);
}

TEST(Future, TakesOneResultOnly) {
    const auto future = Future<int>::create();
    future.set_result(1);
    EXPECT_THROW(future.set_result(2), InvalidStateError);
    EXPECT_THROW(future.set_exception(error("late")), InvalidStateError);
    EXPECT_EQ(future.result(), 1);

    auto cancelled = Future<int>::create();
    cancelled.cancel();
    EXPECT_THROW(cancelled.set_result(2), InvalidStateError);
}

TEST(Future, ThrowsWhatWasSetAsItself) {
    const auto future = Future<int>::create();
    future.set_exception(error("what it was"));
    try {
        future.result();
        FAIL() << "nothing was thrown";
    } catch (const std::out_of_range& caught) {
        EXPECT_STREQ(caught.what(), "what it was");
    }
    EXPECT_NE(future.exception(), nullptr);
    EXPECT_THROW(future.result(), std::out_of_range) << "a second time";
}

TEST(Future, TimesOut) {
    const auto future = Future<int>::create();
    EXPECT_THROW(future.result(0s), TimeoutError);
    EXPECT_THROW(future.result(1ms), TimeoutError);
    EXPECT_THROW(future.exception(1ms), TimeoutError);
    future.set_result(3);
    EXPECT_EQ(future.result(0s), 3);
}

TEST(Future, WaitsForAnotherThread) {
    const auto future = Future<std::string>::create();
    const std::jthread setter([future] { future.set_result("from afar"); });
    EXPECT_EQ(future.result(), "from afar");
}

TEST(Future, EndsAWaitWhenStopIsRequested) {
    const auto future = Future<int>::create();
    std::stop_source source;
    const std::jthread stopper([&] { source.request_stop(); });
    EXPECT_THROW(future.result(source.get_token()), InterruptedError);
    future.set_result(4);
    EXPECT_EQ(future.result(source.get_token()), 4);
}

TEST(Future, WakesAllWhoWait) {
    const auto future = Future<int>::create();
    std::vector<std::jthread> waiters;
    std::atomic<int> sum{0};
    for (int i = 0; i < 8; ++i) waiters.emplace_back([&, future] { sum += future.result(); });
    future.set_result(5);
    waiters.clear();
    EXPECT_EQ(sum, 40);
}

TEST(Future, WakesWaitersWhenCancelled) {
    auto future = Future<int>::create();
    const std::jthread waiter([future] { EXPECT_THROW(future.result(), CancelledError); });
    future.cancel();
}

TEST(Future, CallsBackInOrder) {
    const auto future = Future<int>::create();
    std::string order;
    future.add_done_callback([&](const Future<int>& done) { order += "a" + std::to_string(done.result()); });
    future.add_done_callback([&](const Future<int>&) { order += "b"; });
    EXPECT_EQ(order, "");
    future.set_result(1);
    EXPECT_EQ(order, "a1b");
    future.add_done_callback([&](const Future<int>&) { order += "c"; });
    EXPECT_EQ(order, "a1bc") << "at once when done already";
}

TEST(Future, CallsBackWhenCancelled) {
    auto future = Future<int>::create();
    int called = 0;
    future.add_done_callback([&](const Future<int>& done) { called += done.cancelled() ? 1 : 100; });
    future.cancel();
    future.cancel();
    future.set_running_or_notify_cancel();
    EXPECT_EQ(called, 1);
}

TEST(Future, IgnoresWhatCallbacksThrow) {
    const auto future = Future<int>::create();
    bool second = false;
    future.add_done_callback([](const Future<int>&) { throw std::runtime_error("a callback's"); });
    future.add_done_callback([&](const Future<int>&) { second = true; });
    testing::internal::CaptureStderr();
    future.set_result(1);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("a callback's"), std::string::npos);
    EXPECT_TRUE(second);
}

TEST(Future, DropsCallbacksThatAreNeverCalled) {
    const auto held = std::make_shared<int>(0);
    {
        const auto future = Future<int>::create();
        future.add_done_callback([held](const Future<int>&) {});
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Future, HoldsMoveOnlyResults) {
    auto future = Future<std::unique_ptr<int>>::create();
    future.set_result(std::make_unique<int>(9));
    EXPECT_EQ(*future.result(), 9);
    const std::unique_ptr<int> moved = std::move(future).result();
    EXPECT_EQ(*moved, 9);
}

TEST(Future, HoldsReferencesAndNothing) {
    int value = 1;
    const auto reference = Future<int&>::create();
    reference.set_result(value);
    reference.result() = 2;
    EXPECT_EQ(value, 2);

    const auto nothing = Future<void>::create();
    nothing.set_result();
    nothing.result();
    EXPECT_TRUE(nothing.done());
}

TEST(Future, FreesItsResultWithTheLastHandle) {
    const auto held = std::make_shared<int>(0);
    {
        const auto future = Future<std::shared_ptr<int>>::create();
        future.set_result(held);
        const auto copy = future;
        EXPECT_EQ(copy, future);
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Future, IsAKey) {
    std::unordered_set<Future<int>> set;
    const auto future = Future<int>::create();
    set.insert(future);
    EXPECT_TRUE(set.contains(future));
    EXPECT_FALSE(set.contains(Future<int>::create()));
}

TEST(Future, GoesOnWithThen) {
    const auto future = Future<int>::create();
    const auto text = future.then([](const Future<int>& done) { return std::to_string(done.result()); });
    EXPECT_FALSE(text.done());
    future.set_result(12);
    EXPECT_EQ(text.result(), "12");
}

TEST(Future, HandsExceptionsOnThroughThen) {
    const auto future = Future<int>::create();
    const auto next = future.then([](const Future<int>& done) { return done.result() + 1; });
    future.set_exception(error("lost"));
    EXPECT_THROW(next.result(), std::out_of_range);
}

struct Eager {
    struct promise_type {
        Eager get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

Eager add_up(Future<int> a, Future<int> b, int& sum) { sum = co_await a + co_await b; }

TEST(Future, IsAwaited) {
    const auto a = Future<int>::create();
    const auto b = Future<int>::create();
    int sum = 0;
    add_up(a, b, sum);
    a.set_result(1);
    EXPECT_EQ(sum, 0);
    b.set_result(2);
    EXPECT_EQ(sum, 3);
}

TEST(Future, StressIsSetWhileItIsWatchedAndLeft) {
    std::atomic<int> called{0};
    for (int round = 0; round < 500; ++round) {
        auto future = Future<int>::create();
        const std::jthread setter([future] { future.set_result(1); });
        future.add_done_callback([&](const Future<int>&) { ++called; });
        future = {};
    }
    EXPECT_EQ(called, 500);
}

}  // namespace
}  // namespace threadwise
