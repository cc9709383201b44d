#include "runtime/waiting/door.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "support/sleepers.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;
using testing::sleepers;
using testing::wait_for_sleepers;

constexpr auto must_sleep = [] { return true; };

WaitSite site_of(const void* object, Timeout timeout = forever) {
    return {.kind = WaitKind::event,
            .object = object,
            .where = SourceLocation::current(),
            .deadline = deadline_after(timeout)};
}

Wakeup sleep_on(const void* address, Timeout timeout = forever, std::stop_token stop = {}) {
    Waiting waiting(site_of(address, timeout), std::move(stop));
    return waiting.park(address, must_sleep);
}

/// A thread that sleeps on an address and notes how that ended.
class SleepingThread {
public:
    explicit SleepingThread(const void* address, Waiting::Claim claim = Waiting::Claim::ordinary)
        : thread_([this, address, claim] {
              record.share();
              Waiting waiting(site_of(address));
              wakeup = waiting.park(address, must_sleep, claim);
              token = waiting.token();
              requeued = waiting.requeued();
              awake = true;
          }) {}

    void join() { thread_.join(); }

    testing::SharedRecord record;
    Wakeup wakeup{};
    std::uint32_t token = 0;
    bool requeued = false;
    std::atomic<bool> awake{false};

private:
    std::jthread thread_;
};

bool unpark_one(const void* address) {
    return runtime::unpark_one(address, [](Sleeper) -> std::optional<std::uint32_t> { return 0; });
}

TEST(DeadlineAfter, CountsFromNow) {
    const platform::Instant before = platform::now();
    const platform::Instant deadline = deadline_after(1s);
    EXPECT_GE(deadline, before + 1s);
    EXPECT_LE(deadline, platform::now() + 1s);
}

TEST(DeadlineAfter, IsNeverForForeverAndForWhatTheClockCannotHold) {
    EXPECT_EQ(deadline_after(forever), platform::never);
    EXPECT_EQ(deadline_after(std::chrono::nanoseconds::max() - 1ns), platform::never);
}

TEST(DeadlineAfter, OfANegativeTimeoutHasPassed) {
    EXPECT_LT(deadline_after(std::chrono::nanoseconds::min()), platform::Instant{}) << "before the clock began";
    const int address = 0;
    EXPECT_EQ(sleep_on(&address, -1s), Wakeup::timed_out);
    EXPECT_EQ(sleep_on(&address, std::chrono::nanoseconds::min()), Wakeup::timed_out);
}

TEST(Door, RefusesWhenTheValidationSaysSo) {
    const int address = 0;
    Waiting waiting(site_of(&address));
    EXPECT_EQ(waiting.park(&address, [] { return false; }), Wakeup::refused);
    EXPECT_EQ(sleepers(&address), 0U);
}

TEST(Door, TimesOutNotBeforeTheDeadline) {
    const int address = 0;
    const auto before = platform::now();
    EXPECT_EQ(sleep_on(&address, 5ms), Wakeup::timed_out);
    EXPECT_GE(platform::now() - before, 5ms);
    EXPECT_EQ(sleepers(&address), 0U);
}

TEST(Door, WritesTheWaitDownAndRubsItOut) {
    const int address = 0;
    std::atomic<std::uint32_t> owner{42};
    testing::SharedRecord record;
    WaitSite written;
    std::jthread waiter([&] {
        record.share();
        written = {.kind = WaitKind::rlock,
                   .object = &address,
                   .owner_word = &owner,
                   .owner = 7,
                   .where = SourceLocation::current(),
                   .deadline = platform::now() + 1h};
        Waiting waiting(written);
        waiting.park(&address, must_sleep);
    });
    const auto before = platform::now();
    ASSERT_TRUE(wait_for_sleepers(&address, 1));
    const WaitSite site = record.get().site.read();
    EXPECT_EQ(site.kind, WaitKind::rlock);
    EXPECT_EQ(site.object, &address);
    EXPECT_EQ(site.owner_word, &owner);
    EXPECT_EQ(site.owner, 7U);
    EXPECT_EQ(site.where.line(), written.where.line());
    EXPECT_STREQ(site.where.file_name(), written.where.file_name());
    EXPECT_EQ(site.deadline, written.deadline);
    EXPECT_GE(site.since, before - 1min);
    EXPECT_LE(site.since, platform::now());
    unpark_all(&address);
    waiter.join();
    EXPECT_EQ(record.get().site.read().kind, WaitKind::none);
}

TEST(Door, TurnsToAnotherWaitThatNothingEnds) {
    const int first = 0;
    const int second = 0;
    std::stop_source stop;
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        Waiting waiting(site_of(&first, 1ms), stop.get_token());
        const auto since = waiting.since();
        EXPECT_EQ(waiting.park(&first, must_sleep), Wakeup::timed_out);
        waiting.turn_to(site_of(&second, 1ms));
        EXPECT_EQ(waiting.since(), since);
        EXPECT_EQ(waiting.deadline(), platform::never);
        EXPECT_EQ(waiting.park(&second, must_sleep), Wakeup::woken);
    });
    ASSERT_TRUE(wait_for_sleepers(&second, 1));
    EXPECT_EQ(testing::waiters(&second), 1U);
    stop.request_stop();
    interrupt(record.get());
    EXPECT_EQ(sleepers(&second), 1U);
    unpark_all(&second);
}

TEST(Door, EndsWhenStopIsRequested) {
    const int address = 0;
    std::stop_source stop;
    std::jthread waiter([&] { EXPECT_EQ(sleep_on(&address, forever, stop.get_token()), Wakeup::interrupted); });
    ASSERT_TRUE(wait_for_sleepers(&address, 1));
    stop.request_stop();
    waiter.join();
    EXPECT_EQ(sleep_on(&address, forever, stop.get_token()), Wakeup::interrupted) << "requested before the wait";
}

TEST(Door, EndsWhenInterruptedAndRemembersAnInterruptThatCameBefore) {
    const int address = 0;
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        EXPECT_EQ(sleep_on(&address), Wakeup::interrupted);
        EXPECT_EQ(sleep_on(&address), Wakeup::interrupted) << "nobody has taken the interrupt back";
        EXPECT_TRUE(take_interrupt(this_record()));
        EXPECT_FALSE(take_interrupt(this_record()));
        EXPECT_EQ(sleep_on(&address, 1ms), Wakeup::timed_out);
    });
    ASSERT_TRUE(wait_for_sleepers(&address, 1));
    interrupt(record.get());
}

TEST(Unpark, WakesNobodyWhereNobodySleeps) {
    const int address = 0;
    bool asked = false;
    EXPECT_FALSE(runtime::unpark_one(&address, [&](Sleeper sleeper) -> std::optional<std::uint32_t> {
        asked = true;
        EXPECT_EQ(sleeper.record, nullptr);
        EXPECT_FALSE(sleeper.more);
        return 1;
    }));
    EXPECT_TRUE(asked);
    EXPECT_EQ(unpark_all(&address), 0U);
}

TEST(Unpark, WakesTheOldestFirstWithItsToken) {
    const int address = 0;
    SleepingThread old(&address);
    ASSERT_TRUE(wait_for_sleepers(&address, 1));
    SleepingThread young(&address);
    ASSERT_TRUE(wait_for_sleepers(&address, 2));

    EXPECT_FALSE(runtime::unpark_one(&address, [&](Sleeper sleeper) -> std::optional<std::uint32_t> {
        EXPECT_EQ(sleeper.record, &old.record.get());
        EXPECT_TRUE(sleeper.more);
        return std::nullopt;
    })) << "no token, no wake-up";
    EXPECT_EQ(sleepers(&address), 2U);

    EXPECT_TRUE(runtime::unpark_one(&address, [](Sleeper) -> std::optional<std::uint32_t> { return 5; }));
    old.join();
    EXPECT_EQ(old.wakeup, Wakeup::woken);
    EXPECT_EQ(old.token, 5U);
    EXPECT_EQ(sleepers(&address), 1U);
    EXPECT_FALSE(young.awake);

    EXPECT_TRUE(runtime::unpark_one(&address, [&](Sleeper sleeper) -> std::optional<std::uint32_t> {
        EXPECT_FALSE(sleeper.more);
        return 6;
    }));
    young.join();
    EXPECT_EQ(young.token, 6U);
}

TEST(Unpark, WakesTheEntitledBeforeTheOldest) {
    const int address = 0;
    SleepingThread ordinary(&address);
    ASSERT_TRUE(wait_for_sleepers(&address, 1));
    SleepingThread entitled(&address, Waiting::Claim::entitled);
    ASSERT_TRUE(wait_for_sleepers(&address, 2));
    runtime::unpark_one(&address, [&](Sleeper sleeper) -> std::optional<std::uint32_t> {
        EXPECT_TRUE(sleeper.record->wait_node.entitled);
        return 0;
    });
    entitled.join();
    EXPECT_FALSE(ordinary.awake);
    unpark_all(&address);
}

TEST(Unpark, WakesAsManyAsAskedAndSaysHowMany) {
    const int address = 0;
    std::array<std::unique_ptr<SleepingThread>, 5> threads;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        threads[i] = std::make_unique<SleepingThread>(&address);
        ASSERT_TRUE(wait_for_sleepers(&address, i + 1));
    }
    std::size_t told = 0;
    EXPECT_EQ(unpark(&address, 2, [&](std::size_t count) { told = count; }), 2U);
    EXPECT_EQ(told, 2U);
    threads[0]->join();
    threads[1]->join();
    EXPECT_EQ(sleepers(&address), 3U);
    EXPECT_EQ(unpark_all(&address), 3U);
    for (std::size_t i = 2; i < threads.size(); ++i) threads[i]->join();
}

TEST(Requeue, MovesSleepersWithoutWakingThem) {
    const int from = 0;
    const int to = 0;
    std::array<std::unique_ptr<SleepingThread>, 3> threads;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        threads[i] = std::make_unique<SleepingThread>(&from);
        ASSERT_TRUE(wait_for_sleepers(&from, i + 1));
    }
    EXPECT_EQ(requeue(&from, &to, 2), 2U);
    EXPECT_EQ(sleepers(&from), 1U);
    EXPECT_EQ(sleepers(&to), 2U);
    EXPECT_TRUE(unpark_one(&to));
    threads[0]->join();
    EXPECT_TRUE(threads[0]->requeued);
    EXPECT_FALSE(threads[1]->awake);
    unpark_all(&from);
    threads[2]->join();
    EXPECT_FALSE(threads[2]->requeued);
    unpark_all(&to);
}

TEST(Requeue, MovesNobodyWhereNobodySleeps) {
    const int from = 0;
    const int to = 0;
    EXPECT_EQ(requeue(&from, &to, SIZE_MAX), 0U);
}

TEST(Requeue, MakesTheWakeUpCertain) {
    const int from = 0;
    const int to = 0;
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        Waiting waiting(site_of(&from, 50ms));
        EXPECT_EQ(waiting.park(&from, must_sleep), Wakeup::woken) << "neither deadline nor interrupt count any more";
        EXPECT_TRUE(waiting.requeued());
        EXPECT_GE(platform::now(), waiting.deadline());
    });
    ASSERT_TRUE(testing::wait_until([&] { return requeue(&from, &to, 1) == 1; }));
    const auto moved = platform::now();
    interrupt(record.get());
    EXPECT_TRUE(testing::wait_until([&] { return platform::now() > moved + 60ms; }));
    EXPECT_EQ(sleepers(&to), 1U);
    EXPECT_TRUE(unpark_one(&to));
}

TEST(ParkAndSpin, RunsTheStepBetweenQueueingAndSleep) {
    const int address = 0;
    bool woken_in_between = false;
    Waiting waiting(site_of(&address));
    const Wakeup wakeup = waiting.park_and_spin(&address, must_sleep, [&] {
        EXPECT_EQ(sleepers(&address), 1U);
        woken_in_between = unpark_one(&address);
    });
    EXPECT_TRUE(woken_in_between);
    EXPECT_EQ(wakeup, Wakeup::woken);
}

TEST(ParkAndSpin, IsOverWhenTheStepThrows) {
    const int address = 0;
    {
        Waiting waiting(site_of(&address));
        EXPECT_THROW(waiting.park_and_spin(&address, must_sleep, [] { throw std::runtime_error("no"); }),
                     std::runtime_error);
        EXPECT_EQ(sleepers(&address), 0U);
        EXPECT_THROW(waiting.park_and_spin(&address, must_sleep,
                                           [&] {
                                               unpark_all(&address);
                                               throw std::runtime_error("no");
                                           }),
                     std::runtime_error);
    }
    EXPECT_EQ(sleep_on(&address, 1ms), Wakeup::timed_out) << "the notification of the wait before has gone";
}

TEST(ParkAndSpin, RefusesBeforeTheStep) {
    const int address = 0;
    Waiting waiting(site_of(&address));
    EXPECT_EQ(waiting.park_and_spin(
                  &address, [] { return false; }, [] { FAIL() << "no step"; }),
              Wakeup::refused);
}

/// A turnstile on the door alone: a word of permits, and sleepers on it.
class Permits {
public:
    void put() {
        count_.fetch_add(1);
        unpark_one(&count_);
    }
    bool take(Timeout timeout, std::stop_token stop = {}) {
        if (try_take()) return true;
        Waiting waiting(site_of(this, timeout), std::move(stop));
        for (;;) {
            if (waiting.spin(&count_, [this] { return try_take(); })) return true;
            const Wakeup wakeup = waiting.park(&count_, [this] { return count_.load() == 0; });
            if (try_take()) return true;
            if (wakeup != Wakeup::woken && wakeup != Wakeup::refused) return false;
        }
    }

private:
    bool try_take() {
        int count = count_.load();
        while (count > 0 && !count_.compare_exchange_weak(count, count - 1)) {}
        return count > 0;
    }
    std::atomic<int> count_{0};
};

TEST(Door, StressLosesNoWakeUp) {
    Permits ping;
    Permits pong;
    const int turns = testing::rounds(20'000);
    testing::run_together(2, [&](std::size_t i) {
        for (int turn = 0; turn < turns; ++turn) {
            if (i == 0) ping.put();
            ASSERT_TRUE((i == 0 ? pong : ping).take(testing::patience));
            if (i == 1) pong.put();
        }
    });
}

TEST(Door, StressLosesNoWakeUpAmongTimeoutsStopsAndInterrupts) {
    Permits permits;
    const int puts = testing::rounds(20'000);
    std::atomic<int> taken{0};
    testing::run_together(6, [&](std::size_t i) {
        testing::Dice dice(i);
        if (i < 2) {
            for (int put = 0; put < puts; ++put) {
                permits.put();
                if (dice(16) == 0) std::this_thread::yield();
            }
            return;
        }
        while (taken.load() < 2 * puts) {
            std::stop_source stop;
            if (dice(8) == 0) interrupt(this_record());
            if (dice(8) == 0) stop.request_stop();
            if (permits.take(std::chrono::microseconds(dice(200)), stop.get_token())) ++taken;
            take_interrupt(this_record());
        }
    });
    EXPECT_EQ(taken.load(), 2 * puts);
}

TEST(Door, StressStopAndWakeUpCompete) {
    const int turns = testing::rounds(2'000);
    for (int turn = 0; turn < turns; ++turn) {
        const int address = 0;
        std::stop_source stop;
        std::atomic<bool> woken{false};
        testing::run_together(3, [&](std::size_t i) {
            if (i == 0) {
                const Wakeup wakeup = sleep_on(&address, testing::patience, stop.get_token());
                ASSERT_EQ(wakeup, woken.load() ? Wakeup::woken : Wakeup::interrupted);
            } else if (i == 1) {
                stop.request_stop();
            } else {
                // Set under the bucket's lock, and so before the sleeper can go on.
                runtime::unpark_one(&address, [&](Sleeper sleeper) -> std::optional<std::uint32_t> {
                    woken = sleeper.record != nullptr;
                    return 0;
                });
            }
        });
        ASSERT_EQ(sleepers(&address), 0U);
    }
}

}  // namespace
}  // namespace threadwise::runtime
