#include "threadwise/once.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

static_assert(sizeof(Once) <= 8);

TEST(Once, CallsTheFirstTimeAndThenNoMore) {
    Once once;
    int calls = 0;
    EXPECT_FALSE(once.is_done());
    for (int i = 0; i < 3; ++i) call_once(once, [&] { ++calls; });
    EXPECT_TRUE(once.is_done());
    EXPECT_EQ(calls, 1);
}

TEST(Once, TakesACallableThatCanOnlyBeMoved) {
    Once once;
    int seen = 0;
    call_once(once, [number = std::make_unique<int>(7), &seen]() mutable { seen = *number; });
    EXPECT_EQ(seen, 7);
}

TEST(Once, IsTriedAgainAfterAnException) {
    Once once;
    EXPECT_THROW(call_once(once, [] { throw std::runtime_error("not yet"); }), std::runtime_error);
    EXPECT_FALSE(once.is_done());
    int calls = 0;
    call_once(once, [&] { ++calls; });
    EXPECT_EQ(calls, 1);
}

TEST(Once, RefusesToWaitForItself) {
    Once once;
    call_once(once, [&] { EXPECT_THROW(call_once(once, [] { FAIL(); }), RuntimeError); });
    EXPECT_TRUE(once.is_done());
}

TEST(Once, WaitsForTheCallThatIsUnderWay) {
    Once once;
    int result = 0;
    std::jthread other;
    call_once(once, [&] {
        other = std::jthread([&] {
            call_once(once, [] { FAIL() << "it is being done"; });
            EXPECT_EQ(result, 1);
        });
        EXPECT_TRUE(testing::wait_for_sleepers(&once, 1));
        EXPECT_EQ(testing::waiters(&once), 1U);
        result = 1;
    });
}

TEST(Once, HandsTheTaskOnToOneWhoWaitsWhenItFails) {
    Once once;
    std::atomic<int> calls{0};
    std::jthread two;
    std::jthread three;
    EXPECT_THROW(call_once(once,
                           [&] {
                               auto other = [&] { call_once(once, [&] { ++calls; }); };
                               two = std::jthread(other);
                               three = std::jthread(other);
                               EXPECT_TRUE(testing::wait_for_sleepers(&once, 2));
                               throw std::runtime_error("no");
                           }),
                 std::runtime_error);
    two.join();
    three.join();
    EXPECT_EQ(calls, 1);
}

TEST(Once, LetsAnInterruptedWaiterGo) {
    Once once;
    testing::SharedRecord record;
    call_once(once, [&] {
        std::jthread other([&] {
            record.share();
            EXPECT_THROW(call_once(once, [] {}), InterruptedError);
        });
        EXPECT_TRUE(testing::wait_for_sleepers(&once, 1));
        runtime::interrupt(record.get());
    });
    EXPECT_TRUE(once.is_done());
}

TEST(Once, StressSucceedsExactlyOnceHoweverOftenItFails) {
    for (int round = 0; round < testing::rounds(1'000); ++round) {
        Once once;
        std::atomic<int> tries{0};
        int done = 0;
        testing::run_together(6, [&](std::size_t) {
            for (;;) {
                try {
                    call_once(once, [&] {
                        if (++tries < 4) throw std::runtime_error("not yet");
                        ++done;
                    });
                    break;
                } catch (const std::runtime_error&) {}
            }
            ASSERT_EQ(done, 1);
        });
        ASSERT_EQ(tries, 4);
    }
}

}  // namespace
}  // namespace threadwise
