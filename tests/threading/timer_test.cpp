#include "threadwise/timer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "threadwise/event.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

TEST(Timer, CallsOnceItsTimeHasCome) {
    Event called;
    std::atomic<int> calls{0};
    const auto begin = std::chrono::steady_clock::now();
    Timer timer(20ms, [&] {
        ++calls;
        called.set();
    });
    timer.start();
    called.wait();
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
    timer.join();
    EXPECT_EQ(calls, 1);
}

TEST(Timer, CallsAtOnceAfterNoTime) {
    for (const auto interval : {0ms, -5ms}) {
        std::atomic<bool> called{false};
        Timer timer(interval, [&] { called = true; });
        timer.start();
        timer.join();
        EXPECT_TRUE(called);
    }
}

TEST(Timer, PassesItsArguments) {
    int seen = 0;
    Timer timer(
        0ms, [](std::unique_ptr<int> given, int& out) { out = *given; }, std::make_unique<int>(4), std::ref(seen));
    timer.start();
    timer.join();
    EXPECT_EQ(seen, 4);
}

TEST(Timer, CanBeCancelled) {
    Timer timer(1h, [] { ADD_FAILURE(); });
    timer.start();
    timer.cancel();
    timer.join();
    timer.cancel();
}

TEST(Timer, CanBeCancelledBeforeItsStart) {
    Timer timer(0ms, [] { ADD_FAILURE(); });
    timer.cancel();
    timer.start();
    timer.join();
}

TEST(Timer, IsCancelledWhenDestroyed) {
    Timer timer(1h, [] { ADD_FAILURE(); });
    timer.start();
    Timer moved(std::move(timer));
}

TEST(Timer, IsAThread) {
    Timer timer({.name = "alarm", .daemon = true}, 1h, [] {});
    EXPECT_EQ(timer.name(), "alarm");
    EXPECT_TRUE(timer.daemon());
    EXPECT_FALSE(timer.is_alive());
    timer.start();
    EXPECT_TRUE(timer.is_alive());
    EXPECT_THROW(timer.start(), RuntimeError);
    timer.cancel();
    timer.join();
}

TEST(TimerStress, ManyAtOnceAndCancelled) {
    std::atomic<int> calls{0};
    std::vector<Timer> timers;
    for (int i = 0; i < 200; ++i) {
        timers.emplace_back(i % 2 == 0 ? Timeout(1ms) : Timeout(1h), [&] { ++calls; });
        timers.back().start();
    }
    for (std::size_t i = 1; i < timers.size(); i += 2) timers[i].cancel();
    for (Timer& timer : timers) timer.join();
    EXPECT_EQ(calls, 100);
}

}  // namespace
}  // namespace threadwise
