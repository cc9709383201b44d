#include "threadwise/latch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

static_assert(sizeof(Latch) <= 8);

TEST(Latch, OpensWhenTheCountIsZero) {
    Latch latch(3);
    EXPECT_EQ(latch.count(), 3);
    EXPECT_FALSE(latch.try_wait());
    latch.count_down();
    EXPECT_FALSE(latch.wait(1ms));
    latch.count_down(2);
    EXPECT_TRUE(latch.try_wait());
    EXPECT_TRUE(latch.wait());
    EXPECT_TRUE(latch.wait(0s));
    EXPECT_EQ(latch.count(), 0);
}

TEST(Latch, OfZeroIsOpen) { EXPECT_TRUE(Latch(0).wait()); }

TEST(Latch, RefusesCountsThatCannotBe) {
    EXPECT_THROW(Latch(-1), ValueError);
    EXPECT_THROW(Latch(Latch::max() + 1), ValueError);
    EXPECT_EQ(Latch(Latch::max()).count(), Latch::max());
    Latch latch(2);
    EXPECT_THROW(latch.count_down(3), ValueError);
    EXPECT_THROW(latch.count_down(-1), ValueError);
    EXPECT_EQ(latch.count(), 2);
    latch.count_down(0);
    EXPECT_EQ(latch.count(), 2);
}

TEST(Latch, LetsEverybodyGoOn) {
    Latch latch(4);
    testing::run_together(4, [&](std::size_t) { EXPECT_TRUE(latch.arrive_and_wait()); });
    EXPECT_TRUE(latch.try_wait());
}

TEST(Latch, WakesWhoSleeps) {
    Latch latch(1);
    std::jthread one([&] { EXPECT_TRUE(latch.wait()); });
    std::jthread two([&] { EXPECT_TRUE(latch.wait(std::stop_token())); });
    ASSERT_TRUE(testing::wait_for_sleepers(&latch, 2));
    EXPECT_EQ(testing::waiters(&latch), 2U);
    latch.count_down();
}

TEST(Latch, WaitsNoLongerThanAsked) {
    Latch latch(1);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(latch.wait(3ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 3ms);
    EXPECT_FALSE(latch.wait(-1s));
}

TEST(Latch, EndsAWaitWhenAsked) {
    Latch latch(1);
    std::stop_source stop;
    testing::SharedRecord record;
    std::jthread stopped([&] { EXPECT_FALSE(latch.wait(stop.get_token())); });
    std::jthread interrupted([&] {
        record.share();
        EXPECT_THROW(latch.wait(), InterruptedError);
    });
    ASSERT_TRUE(testing::wait_for_sleepers(&latch, 2));
    stop.request_stop();
    runtime::interrupt(record.get());
}

TEST(Latch, StressMayBeDestroyedByTheFirstWhoGetsThrough) {
    for (int round = 0; round < testing::rounds(3'000); ++round) {
        auto latch = std::make_unique<Latch>(2);
        Latch* const shared = latch.get();
        int written = 0;
        std::jthread other([&] {
            written = 1;
            shared->count_down();
        });
        latch->count_down();
        ASSERT_TRUE(latch->wait());
        ASSERT_EQ(written, 1);
        latch.reset();
    }
}

TEST(Latch, StressLosesNobody) {
    for (int round = 0; round < testing::rounds(1'000); ++round) {
        Latch latch(3);
        testing::run_together(6, [&](std::size_t i) {
            if (i < 3) {
                latch.count_down();
            } else if (i == 3) {
                while (!latch.wait(1us)) {}
            } else {
                ASSERT_TRUE(latch.wait(testing::patience));
            }
        });
    }
}

}  // namespace
}  // namespace threadwise
