#include "threadwise/barrier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::run_together;
using testing::wait_for_sleepers;

TEST(Barrier, RefusesToBeForNobody) { EXPECT_THROW(Barrier(0), ValueError); }

TEST(Barrier, RefusesToBeForMoreOrFewerThanThereCanBe) {
    EXPECT_THROW(Barrier(-1), ValueError);
    EXPECT_THROW(Barrier(Barrier::max() + 1), ValueError);
    EXPECT_EQ(Barrier(Barrier::max()).parties(), Barrier::max());
}

TEST(Barrier, OfOneIsNoObstacle) {
    int actions = 0;
    Barrier plain(1);
    Barrier acting(1, [&] { ++actions; });
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(plain.wait(), 0U);
        EXPECT_EQ(acting.wait(0s), 0U);
    }
    EXPECT_EQ(actions, 3);
}

TEST(Barrier, GivesEachThreadItsOwnIndex) {
    Barrier barrier(5);
    EXPECT_EQ(barrier.parties(), 5U);
    for (int round = 0; round < 20; ++round) {
        std::vector<std::atomic<int>> seen(5);
        run_together(5, [&](std::size_t) { ++seen.at(barrier.wait()); });
        for (const auto& count : seen) EXPECT_EQ(count, 1);
    }
}

TEST(Barrier, CountsWhoWaits) {
    Barrier barrier(3);
    EXPECT_EQ(barrier.n_waiting(), 0U);
    std::jthread one([&] { barrier.wait(); });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    std::jthread two([&] { barrier.wait(); });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 2));
    EXPECT_EQ(barrier.n_waiting(), 2U);
    EXPECT_EQ(testing::waiters(&barrier), 2U);
    barrier.wait();
    EXPECT_EQ(barrier.n_waiting(), 0U);
}

TEST(Barrier, CallsItsActionOnceAMeetingBeforeAnybodyGoesOn) {
    int meetings = 0;  // guarded by the barrier
    Barrier barrier(3, [&] { ++meetings; });
    run_together(3, [&](std::size_t) {
        for (int round = 1; round <= 50; round += 2) {
            barrier.wait();
            ASSERT_EQ(meetings, round);
            barrier.wait();
        }
    });
    EXPECT_EQ(meetings, 50);
}

TEST(Barrier, CountsNobodyWhoseActionRuns) {
    Barrier barrier(2, [&] { EXPECT_FALSE(barrier.broken()); });
    run_together(2, [&](std::size_t) { barrier.wait(); });
    EXPECT_EQ(barrier.n_waiting(), 0U);
}

TEST(Barrier, IsBrokenByAnActionThatThrows) {
    Barrier barrier(3, [] { throw std::logic_error("action"); });
    std::atomic<int> broken{0};
    std::atomic<int> thrown{0};
    run_together(3, [&](std::size_t) {
        try {
            barrier.wait();
        } catch (const BrokenBarrierError&) {
            ++broken;
        } catch (const std::logic_error&) {
            ++thrown;
        }
    });
    EXPECT_EQ(broken, 2);
    EXPECT_EQ(thrown, 1);
    EXPECT_TRUE(barrier.broken());
}

TEST(Barrier, IsBrokenByATimeout) {
    Barrier barrier(3);
    std::jthread other([&] { EXPECT_THROW(barrier.wait(), BrokenBarrierError); });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    EXPECT_THROW(barrier.wait(2ms), BrokenBarrierError);
    other.join();
    EXPECT_TRUE(barrier.broken());
    EXPECT_EQ(barrier.n_waiting(), 0U);
    EXPECT_THROW(barrier.wait(), BrokenBarrierError);
    EXPECT_THROW(barrier.wait(0s), BrokenBarrierError);
}

TEST(Barrier, HasATimeoutOfItsOwnForWaitsWithoutOne) {
    Barrier barrier(2, {}, 1ms);
    EXPECT_THROW(barrier.wait(), BrokenBarrierError);
    barrier.reset();
    run_together(2, [&](std::size_t) { barrier.wait(testing::patience); });
    std::stop_source stop;
    EXPECT_THROW(barrier.wait(stop.get_token()), BrokenBarrierError);
}

TEST(Barrier, IsBrokenByAStopAndByAnInterrupt) {
    Barrier barrier(2);
    std::jthread stopped([&](const std::stop_token& stop) { EXPECT_THROW(barrier.wait(stop), BrokenBarrierError); });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    stopped.request_stop();
    stopped.join();
    EXPECT_TRUE(barrier.broken());

    barrier.reset();
    EXPECT_FALSE(barrier.broken());
    testing::SharedRecord record;
    std::jthread interrupted([&] {
        record.share();
        EXPECT_THROW(barrier.wait(), InterruptedError);
    });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    runtime::interrupt(record.get());
    interrupted.join();
    EXPECT_TRUE(barrier.broken());
}

// Once all have come the meeting takes place, as in Python, where a waiter cannot even look while the action runs.
TEST(Barrier, IsNotBrokenByAStopOrAnInterruptWhileItsActionRuns) {
    std::stop_source stop;
    std::uint32_t waiter = 0;
    Barrier barrier(2, [&] {
        stop.request_stop();
        interrupt(waiter);
        sleep_for(10ms);  // time for a wrong answer to show
    });
    std::thread one([&] {
        waiter = get_ident();
        EXPECT_EQ(barrier.wait(stop.get_token()), 0U);
        EXPECT_THROW(sleep_for(60s), InterruptedError);  // the interrupt was kept for the next wait
    });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    EXPECT_EQ(barrier.wait(), 1U);
    one.join();
    EXPECT_FALSE(barrier.broken());
}

TEST(Barrier, IsNotBrokenByATimeoutWhileItsActionRuns) {
    bool acted = false;
    Barrier barrier(2, [&] {
        acted = true;
        sleep_for(300ms);  // longer than the waiter's timeout
    });
    // On a busy machine the timeout may pass before the second one has come: then again.
    for (int i = 0; i < 1000 && !acted; ++i) {
        barrier.reset();
        run_together(2, [&](std::size_t index) {
            try {
                index == 0 ? barrier.wait(200ms) : barrier.wait();
                EXPECT_TRUE(acted);
            } catch (const BrokenBarrierError&) {
                EXPECT_FALSE(acted);
            }
        });
    }
    EXPECT_TRUE(acted);
    EXPECT_FALSE(barrier.broken());
}

TEST(Barrier, AbortBreaksItForWhoWaitsAndWhoComes) {
    Barrier barrier(3);
    std::jthread one([&] { EXPECT_THROW(barrier.wait(), BrokenBarrierError); });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    barrier.abort();
    one.join();
    EXPECT_TRUE(barrier.broken());
    EXPECT_THROW(barrier.wait(), BrokenBarrierError);
    barrier.abort();
    EXPECT_TRUE(barrier.broken());
}

TEST(Barrier, ResetSendsWhoWaitsAwayAndIsThenAsNew) {
    Barrier barrier(3);
    std::jthread one([&] { EXPECT_THROW(barrier.wait(), BrokenBarrierError); });
    ASSERT_TRUE(wait_for_sleepers(&barrier, 1));
    barrier.reset();
    one.join();
    EXPECT_FALSE(barrier.broken());
    EXPECT_EQ(barrier.n_waiting(), 0U);
    run_together(3, [&](std::size_t) { EXPECT_LT(barrier.wait(), 3U); });
}

TEST(Barrier, ResetMendsABrokenOne) {
    Barrier barrier(2);
    barrier.abort();
    barrier.reset();
    EXPECT_FALSE(barrier.broken());
    run_together(2, [&](std::size_t) { EXPECT_LT(barrier.wait(), 2U); });
    barrier.reset();
    run_together(2, [&](std::size_t) { EXPECT_LT(barrier.wait(), 2U); });
}

TEST(Barrier, MayBeAbortedAndResetByItsAction) {
    bool abort = true;
    Barrier barrier(2, [&] {
        if (abort) {
            barrier.abort();
        } else {
            barrier.reset();
        }
    });
    for (int round = 0; round < 2; ++round) {
        run_together(2, [&](std::size_t) { EXPECT_THROW(barrier.wait(), BrokenBarrierError); });
        EXPECT_EQ(barrier.broken(), abort);
        barrier.reset();
        abort = false;
    }
}

TEST(Barrier, StressNobodyIsAheadOrBehind) {
    constexpr std::size_t parties = 4;
    Barrier barrier(parties);
    std::vector<int> places(parties);  // each written by its thread, read by all after the next meeting
    const int meetings = testing::rounds(5'000);
    run_together(parties, [&](std::size_t i) {
        for (int meeting = 1; meeting <= meetings; ++meeting) {
            places[i] = meeting;
            barrier.wait(testing::patience);
            for (const int place : places) ASSERT_EQ(place, meeting);
            barrier.wait(testing::patience);
        }
    });
}

TEST(Barrier, StressTwoMeetAgainAndAgain) {
    Barrier barrier(2);
    int count = 0;  // changed by the thread with index 0 alone
    const int meetings = testing::rounds(50'000);
    run_together(2, [&](std::size_t) {
        for (int meeting = 0; meeting < meetings; ++meeting) {
            if (barrier.wait() == 0) ++count;
            barrier.wait();
        }
    });
    EXPECT_EQ(count, meetings);
}

TEST(Barrier, StressMoreThreadsThanParties) {
    for (const bool with_action : {false, true}) {
        int actions = 0;
        Barrier barrier(3, with_action ? std::function<void()>([&] { ++actions; }) : nullptr);
        const int meetings = testing::rounds(5'000);
        std::atomic<int> met{0};
        std::atomic<int> passed{0};
        run_together(7, [&](std::size_t) {
            try {
                for (;;) {
                    const std::size_t index = barrier.wait(testing::patience);
                    ++passed;
                    if (index == 0 && ++met >= meetings) barrier.abort();
                }
            } catch (const BrokenBarrierError&) {}
        });
        EXPECT_GE(met, meetings);
        EXPECT_EQ(passed, 3 * met);
        // The abort may come while the next meeting's action runs.
        EXPECT_GE(actions, with_action ? met.load() : 0);
        EXPECT_LE(actions, with_action ? met + 1 : 0);
    }
}

TEST(Barrier, StressBreakAndResetAmongMeetings) {
    for (const bool with_action : {false, true}) {
        constexpr std::size_t parties = 3;
        int actions = 0;
        Barrier barrier(parties, with_action ? std::function<void()>([&] { ++actions; }) : nullptr);
        std::atomic<std::uint64_t> passed{0};
        std::atomic<bool> done{false};
        const int disturbances = testing::rounds(1'000);
        run_together(parties + 1, [&](std::size_t i) {
            testing::Dice dice(i);
            if (i == parties) {
                for (int n = 0; n < disturbances; ++n) {
                    if (dice(2) == 0) barrier.abort();
                    if (dice(4) == 0) std::this_thread::yield();
                    barrier.reset();
                    std::this_thread::sleep_for(std::chrono::microseconds(dice(50)));
                }
                done = true;
                barrier.abort();
                return;
            }
            while (!done || !barrier.broken()) {
                try {
                    const std::size_t index = dice(4) == 0 ? barrier.wait(std::chrono::microseconds(dice(100)))
                                                           : barrier.wait(testing::patience);
                    ASSERT_LT(index, parties);
                    ++passed;
                } catch (const BrokenBarrierError&) {}
            }
        });
        EXPECT_EQ(passed % parties, 0U) << "a meeting is complete for all or for none";
        // An abort that comes while the action runs breaks the meeting all the same.
        EXPECT_GE(static_cast<std::uint64_t>(actions), with_action ? passed / parties : 0);
    }
}

}  // namespace
}  // namespace threadwise
