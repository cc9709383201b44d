// How an InterpreterLock passes from one thread to the next.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/cpu.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::elsewhere;
using testing::wait_for_asleep;
using testing::wait_until;

TEST(InterpreterLockTurns, IsTakenInTheOrderOfArrival) {
    InterpreterLock lock;
    lock.lock();
    std::vector<std::size_t> order;
    std::vector<std::jthread> waiters;
    for (std::size_t i = 0; i < 4; ++i) {
        waiters.emplace_back([&, i] {
            const ScopedInterpreter hold(lock);
            order.push_back(i);
        });
        ASSERT_TRUE(wait_for_asleep(&lock, i + 1));
    }
    lock.unlock();
    waiters.clear();
    EXPECT_THAT(order, ::testing::ElementsAre(0, 1, 2, 3));
}

TEST(InterpreterLockTurns, IsHandedOffAtASafePoint) {
    InterpreterLock lock;
    std::atomic<bool> had_it{false};
    lock.lock();
    std::jthread other([&] {
        const ScopedInterpreter hold(lock);
        had_it = true;
    });
    EXPECT_TRUE(wait_until([&] {
        lock.checkpoint();
        return had_it.load();
    }));
    EXPECT_TRUE(lock.is_held());
    EXPECT_GE(lock.statistics().forced_switches, 1U);
    lock.unlock();
}

TEST(InterpreterLockTurns, RefusesASafePointOfAThreadThatDoesNotHoldIt) {
    InterpreterLock lock;
    lock.lock();
    std::jthread waiter([&] { const ScopedInterpreter hold(lock); });
    // checkpoint() throws once the waiter has asked for the lock; until then it returns at once, without a check.
    elsewhere([&] {
        EXPECT_TRUE(wait_until([&] {
            try {
                lock.checkpoint();
                return false;
            } catch (const RuntimeError&) {
                return true;
            }
        }));
    });
    lock.unlock();
}

TEST(InterpreterLockTurns, PassesRoundAmongThreadsThatCompute) {
    InterpreterLock lock({.switch_interval = 100us});
    constexpr std::size_t threads = 3;
    constexpr int turns = 5;
    std::size_t last = threads;
    std::vector<int> turns_of(threads);
    const auto all_have_had_their_turns = [&] {
        return std::ranges::all_of(turns_of, [](int count) { return count >= turns; });
    };
    testing::run_together(threads, [&](std::size_t me) {
        const ScopedInterpreter hold(lock);
        while (!all_have_had_their_turns()) {
            if (last != me) ++turns_of[me];
            last = me;
            lock.checkpoint();
        }
    });
    EXPECT_GE(lock.statistics().switches, turns * threads);
}

TEST(InterpreterLockTurns, ServesThreadsThatComputeAndThreadsThatWait) {
    InterpreterLock lock;
    std::atomic<bool> over{false};
    std::vector<std::jthread> computing;
    for (int i = 0; i < 2; ++i) {
        computing.emplace_back([&] {
            const ScopedInterpreter hold(lock);
            while (!over) lock.checkpoint();
        });
    }
    testing::run_together(2, [&](std::size_t) {
        for (int i = 0; i < testing::rounds(200); ++i) {
            const ScopedInterpreter hold(lock);
            sleep_for(1us);
        }
    });
    over = true;
}

TEST(InterpreterLockTurns, KeepsStatistics) {
    InterpreterLock lock({.measure_held = true});
    EXPECT_EQ(lock.statistics().switches, 0U);
    lock.lock();
    lock.unlock();
    EXPECT_EQ(lock.statistics().switches, 1U);
    EXPECT_GT(lock.statistics().held, 0ns);
    EXPECT_EQ(lock.statistics().waited, 0ns);
    lock.lock();
    std::jthread other([&] { const ScopedInterpreter hold(lock); });
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    lock.unlock();
    other.join();
    EXPECT_EQ(lock.statistics().switches, 2U);
    EXPECT_EQ(lock.statistics().forced_switches, 0U);
    EXPECT_GT(lock.statistics().waited, 0ns);
    EXPECT_FALSE(lock.locked());
}

TEST(InterpreterLockTurnsStress, LetsOneThreadInAtATime) {
    InterpreterLock lock({.switch_interval = 50us, .computing_share = 0.5});
    long in_the_interpreter = 0;  // no atomic: the lock guards it
    std::atomic<long> expected{0};
    Lock other;
    testing::run_together(6, [&](std::size_t me) {
        testing::Dice dice(me);
        for (int i = 0; i < testing::rounds(2000); ++i) {
            if (dice(4) == 0 ? !lock.acquire(true, std::chrono::microseconds(dice(100))) : !lock.acquire()) continue;
            for (std::uint32_t steps = dice(8) == 0 ? dice(20'000) : dice(20); steps > 0; --steps) {
                const long seen = in_the_interpreter;
                in_the_interpreter = seen + 1;
                ++expected;
                lock.checkpoint();
            }
            switch (dice(4)) {
                case 0: sleep_for(std::chrono::microseconds(dice(20))); break;
                case 1: {
                    const auto allowed = lock.allow_threads();
                    break;
                }
                case 2: {
                    const std::lock_guard hold(other);
                    lock.checkpoint();
                    break;
                }
                default: break;
            }
            ++in_the_interpreter;
            ++expected;
            lock.release();
        }
    });
    EXPECT_EQ(in_the_interpreter, expected);
    EXPECT_FALSE(lock.locked());
}

/// Contended so rarely that each waiter is the first one, which changes the lock from its fast paths to its slow ones
/// while the holder may be releasing it.
TEST(InterpreterLockTurnsStress, LosesNoWaiterThatArrivesDuringARelease) {
    InterpreterLock lock;
    long in_the_interpreter = 0;
    constexpr std::size_t threads = 3;
    const int rounds = testing::rounds(30'000);
    testing::run_together(threads, [&](std::size_t me) {
        testing::Dice dice(me);
        for (int i = 0; i < rounds; ++i) {
            {
                const ScopedInterpreter hold(lock);
                ++in_the_interpreter;
            }
            for (std::uint32_t pauses = dice(20); pauses > 0; --pauses) platform::pause();
        }
    });
    EXPECT_EQ(in_the_interpreter, static_cast<long>(threads) * rounds);
}

}  // namespace
}  // namespace threadwise
