#include "threadwise/event.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

static_assert(sizeof(Event) <= 8);

TEST(Event, IsClearAtFirst) {
    Event event;
    EXPECT_FALSE(event.is_set());
    event.set();
    EXPECT_TRUE(event.is_set());
    event.set();
    EXPECT_TRUE(event.is_set());
    event.clear();
    EXPECT_FALSE(event.is_set());
    event.clear();
    EXPECT_FALSE(event.is_set());
}

TEST(Event, LetsWhoWaitsPassWhileSet) {
    Event event;
    event.set();
    EXPECT_TRUE(event.wait());
    EXPECT_TRUE(event.wait(0s));
    EXPECT_TRUE(event.wait(-1s));
    EXPECT_TRUE(event.wait(std::stop_token(), 0s));
}

TEST(Event, WaitsNoLongerThanAsked) {
    Event event;
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(event.wait(3ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 3ms);
    EXPECT_FALSE(event.wait(0s));
    EXPECT_FALSE(event.wait(-1h));
}

TEST(Event, WakesAllWhoWait) {
    Event event;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_TRUE(event.wait()); });
    ASSERT_TRUE(testing::wait_for_sleepers(&event, 4));
    EXPECT_EQ(testing::waiters(&event), 4U);
    event.set();
}

TEST(Event, APulseEndsTheWaitsThatHadBegun) {
    Event event;
    for (int round = 0; round < 50; ++round) {
        std::jthread waiter([&] { EXPECT_TRUE(event.wait()); });
        // Round after round, whether it spins or sleeps.
        ASSERT_TRUE(round % 2 == 0 ? testing::wait_for_sleepers(&event, 1) : testing::wait_for_waiters(&event, 1));
        event.set();
        event.clear();
        waiter.join();
        EXPECT_FALSE(event.is_set());
    }
}

TEST(Event, APulseEndsAWaitThatIsTakenUpAgain) {
    Event event;
    const std::uint32_t before = event.pulses();
    EXPECT_FALSE(event.wait_after(before, 1ms));
    event.set();
    event.clear();
    EXPECT_TRUE(event.wait_after(before));
    EXPECT_FALSE(event.wait_after(event.pulses(), 0s));
    EXPECT_FALSE(event.wait(0s));
    event.set();
    EXPECT_TRUE(event.wait_after(event.pulses()));
}

TEST(Event, EndsAWaitWhenAsked) {
    Event event;
    testing::SharedRecord record;
    std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(event.wait(stop)); });
    std::jthread interrupted([&] {
        record.share();
        EXPECT_THROW(event.wait(), InterruptedError);
        EXPECT_FALSE(event.wait(1ms)) << "the interrupt has been delivered";
    });
    ASSERT_TRUE(testing::wait_for_sleepers(&event, 2));
    stopped.request_stop();
    runtime::interrupt(record.get());
}

TEST(Event, WritesDownUntilWhenItWaits) {
    Event event;
    testing::SharedRecord record;
    std::jthread waiter([&](const std::stop_token& stop) {
        record.share();
        event.wait(stop, 1h);
    });
    ASSERT_TRUE(testing::wait_for_sleepers(&event, 1));
    const runtime::WaitSite site = record.get().site.read();
    EXPECT_EQ(site.kind, runtime::WaitKind::event);
    EXPECT_EQ(site.object, &event);
    EXPECT_LE(site.deadline, std::chrono::steady_clock::now() + 1h);
    EXPECT_STREQ(site.where.file_name(), __FILE__);
}

TEST(Event, StressEachSetLetsTheOnlyWaiterPassOnce) {
    // The consumer clears after each wait, the producer sets only what is clear: a wait too many has ended for a set
    // that was cleared before it began.
    for (const bool lazy : {false, true}) {
        Event event;
        std::atomic<int> sets{0};
        std::atomic<int> waits{0};
        const int rounds = testing::rounds(30'000);
        testing::run_together(2, [&](std::size_t i) {
            testing::Dice dice(i);
            for (int round = 0; round < rounds; ++round) {
                if (i == 0) {
                    while (waits.load() != round) std::this_thread::yield();
                    sets.store(round + 1);
                    event.set();
                } else {
                    if (lazy) {
                        while (!event.wait(std::chrono::microseconds(dice(50)))) {}
                    } else {
                        ASSERT_TRUE(event.wait(testing::patience));
                    }
                    ASSERT_EQ(sets.load(), round + 1) << "woken by an old set";
                    event.clear();
                    waits.store(round + 1);
                }
            }
        });
    }
}

TEST(Event, StressNoPulseIsMissed) {
    Event event;
    std::atomic<int> waiting{0};
    std::atomic<int> cleared{0};
    const int pulses = testing::rounds(3'000);
    testing::run_together(4, [&](std::size_t i) {
        for (int pulse = 0; pulse < pulses; ++pulse) {
            if (i == 0) {
                // All three have begun to wait: each must pass by this pulse, or nobody lets it pass.
                ASSERT_TRUE(testing::wait_until([&] { return testing::waiters(&event) == 3; }));
                waiting.store(3);
                event.set();
                event.clear();
                cleared.store(pulse + 1);
                ASSERT_TRUE(testing::wait_until([&] { return waiting.load() == 0; }));
            } else {
                ASSERT_TRUE(event.wait(testing::patience));
                --waiting;
                while (cleared.load() != pulse + 1) std::this_thread::yield();
            }
        }
    });
}

}  // namespace
}  // namespace threadwise
