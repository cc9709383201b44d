#include "threadwise/interpreter_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "platform/cpu.hpp"
#include "runtime/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::wait_for_asleep;
using testing::wait_until;

/// Runs on a thread of its own, and waits for it without threadwise knowing.
template <class Body>
void elsewhere(Body body) {
    std::jthread(body).join();
}

bool is_free(InterpreterLock& lock) {
    bool free = false;
    elsewhere([&] {
        free = lock.try_lock();
        if (free) lock.unlock();
    });
    return free;
}

TEST(InterpreterLock, IsFreeOrHeld) {
    InterpreterLock lock;
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.acquire());
    EXPECT_TRUE(lock.locked());
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
    lock.release();
    EXPECT_FALSE(lock.locked());
    EXPECT_FALSE(lock.is_held());
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, IsHeldByTheThreadThatTookIt) {
    InterpreterLock lock;
    lock.lock();
    elsewhere([&] { EXPECT_FALSE(lock.is_held()); });
    lock.unlock();
}

TEST(InterpreterLock, RefusesMisuse) {
    InterpreterLock lock;
    InterpreterLock other;
    EXPECT_THROW(lock.release(), RuntimeError);
    EXPECT_THROW(static_cast<void>(lock.allow_threads()), RuntimeError);
    lock.lock();
    EXPECT_THROW(lock.lock(), RuntimeError);
    EXPECT_THROW(lock.acquire(true, 1ms), RuntimeError);
    EXPECT_FALSE(lock.try_lock());
    EXPECT_THROW(other.lock(), RuntimeError);
    EXPECT_THROW(other.try_lock(), RuntimeError);
    EXPECT_THROW(other.release(), RuntimeError);
    elsewhere([&] { EXPECT_THROW(lock.release(), RuntimeError); });
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(other.locked());
    lock.unlock();
    EXPECT_THROW(lock.acquire(false, 1ms), ValueError);
    EXPECT_THROW(lock.acquire(true, -1ms), ValueError);
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, RefusesOptionsOutOfRange) {
    EXPECT_THROW(InterpreterLock({.switch_interval = 0ms}), ValueError);
    EXPECT_THROW(InterpreterLock({.switch_interval = -1ms}), ValueError);
    EXPECT_THROW(InterpreterLock({.switch_interval = 2h}), ValueError);
    EXPECT_THROW(InterpreterLock({.computing_share = -0.1}), ValueError);
    EXPECT_THROW(InterpreterLock({.computing_share = 1}), ValueError);
    EXPECT_NO_THROW(InterpreterLock({.switch_interval = 1us, .computing_share = 0}));
}

TEST(InterpreterLock, RefusesASafePointOfAThreadThatDoesNotHoldIt) {
    InterpreterLock lock;
    lock.lock();
    std::jthread waiter([&] { const ScopedInterpreter hold(lock); });
    // As soon as the waiter asks.
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

TEST(InterpreterLock, GivesUpWaitingInTime) {
    InterpreterLock lock;
    const ScopedInterpreter hold(lock);
    elsewhere([&] {
        EXPECT_FALSE(lock.acquire(true, 0ms));
        EXPECT_FALSE(lock.acquire(true, 2ms));
        std::stop_source source;
        source.request_stop();
        EXPECT_FALSE(lock.acquire(source.get_token()));
        EXPECT_FALSE(lock.is_held());
    });
}

TEST(InterpreterLock, GivesUpWaitingWhenAskedToStop) {
    InterpreterLock lock;
    lock.lock();
    std::jthread waiter([&](std::stop_token stop) { EXPECT_FALSE(lock.acquire(stop)); });
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    waiter.request_stop();
    waiter.join();
    lock.unlock();
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, GivesUpWaitingWhenInterrupted) {
    InterpreterLock lock;
    lock.lock();
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        EXPECT_THROW(lock.acquire(), InterruptedError);
        EXPECT_FALSE(lock.is_held());
    });
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    runtime::interrupt(record.get());
    waiter.join();
    lock.unlock();
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, IsTakenInTheOrderOfArrival) {
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

TEST(InterpreterLock, IsReleasedWhileItsHolderWaits) {
    InterpreterLock lock;
    Event event;
    const ScopedInterpreter hold(lock);
    Thread other([&] {
        const ScopedInterpreter inner(lock);
        event.set();
    });
    other.start();
    event.wait();
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
    other.join();
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
}

TEST(InterpreterLock, IsReleasedInEveryKindOfWait) {
    InterpreterLock lock;
    Lock outer;
    Queue<int> requests;
    Queue<int> replies;
    outer.lock();
    Thread server([&] {
        const ScopedInterpreter hold(lock);
        outer.lock();
        for (const int request : requests) replies.put(request + 1);
        outer.unlock();
    });
    server.start();
    const ScopedInterpreter hold(lock);
    outer.unlock();
    for (int i = 0; i < 100; ++i) {
        requests.put(i);
        EXPECT_EQ(replies.get(), i + 1);
        EXPECT_TRUE(lock.is_held());
    }
    requests.shutdown();
    sleep_for(1us);
    EXPECT_TRUE(lock.is_held());
    server.join();
    EXPECT_TRUE(lock.is_held());
}

TEST(InterpreterLock, IsHeldAgainAfterAWaitThatFailed) {
    InterpreterLock lock;
    Event never;
    const ScopedInterpreter hold(lock);
    EXPECT_FALSE(never.wait(1us));
    EXPECT_TRUE(lock.is_held());
    interrupt(current_thread());
    EXPECT_THROW(never.wait(), InterruptedError);
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
}

class Diary : public BlockingHooks {
public:
    explicit Diary(const InterpreterLock& lock) : lock_(lock) {}
    void before_wait() noexcept override { held_before = lock_.locked(); }
    void after_wait() noexcept override { held_after = lock_.locked(); }
    bool held_before = true;
    bool held_after = true;

private:
    const InterpreterLock& lock_;
};

TEST(InterpreterLock, IsReleasedBeforeAllOtherHooksAndTakenAgainAfterThem) {
    InterpreterLock lock;
    Diary diary(lock);
    const ScopedInterpreter hold(lock);
    const BlockingHooksScope scope(diary);
    sleep_for(1us);
    EXPECT_FALSE(diary.held_before);
    EXPECT_FALSE(diary.held_after);
    EXPECT_TRUE(lock.is_held());
}

TEST(InterpreterLock, LetsOthersInWhereThreadsAreAllowed) {
    InterpreterLock lock;
    const ScopedInterpreter hold(lock);
    {
        const auto allowed = lock.allow_threads();
        EXPECT_FALSE(lock.is_held());
        EXPECT_TRUE(is_free(lock));
    }
    EXPECT_TRUE(lock.is_held());
}

TEST(InterpreterLock, IsTakenBackByWhoAllowedThreadsHoweverOftenInterrupted) {
    InterpreterLock lock;
    testing::SharedRecord record;
    std::atomic<bool> allowed_now{false};
    std::atomic<bool> other_has_it{false};
    std::jthread thread([&] {
        record.share();
        const ScopedInterpreter hold(lock);
        {
            const auto allowed = lock.allow_threads();
            allowed_now = true;
            EXPECT_TRUE(wait_until([&] { return other_has_it.load(); }));
        }
        EXPECT_TRUE(lock.is_held());
        EXPECT_THROW(Event().wait(), InterruptedError) << "the interrupt was kept for a wait that it may end";
    });
    EXPECT_TRUE(wait_until([&] { return allowed_now.load(); }));
    lock.lock();
    other_has_it = true;
    runtime::interrupt(record.get());
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    lock.unlock();
}

TEST(ScopedInterpreter, DoesNothingWhereTheLockIsHeldAlready) {
    InterpreterLock lock;
    const ScopedInterpreter hold(lock);
    {
        const ScopedInterpreter again(lock);
        EXPECT_TRUE(lock.is_held());
    }
    EXPECT_TRUE(lock.is_held());
}

TEST(ScopedInterpreter, ReleasesWhenAnExceptionLeaves) {
    InterpreterLock lock;
    try {
        const ScopedInterpreter hold(lock);
        throw RuntimeError("from inside");
    } catch (const RuntimeError&) {
        EXPECT_TRUE(is_free(lock));
    }
}

TEST(InterpreterLock, IsHandedOverAtASafePoint) {
    InterpreterLock lock;
    std::atomic<bool> came{false};
    lock.lock();
    std::jthread other([&] {
        const ScopedInterpreter hold(lock);
        came = true;
    });
    EXPECT_TRUE(wait_until([&] {
        lock.checkpoint();
        return came.load();
    }));
    EXPECT_TRUE(lock.is_held());
    EXPECT_GE(lock.statistics().forced_switches, 1U);
    lock.unlock();
}

TEST(InterpreterLock, GoesRoundAmongThreadsThatCompute) {
    InterpreterLock lock({.switch_interval = 100us});
    constexpr std::size_t threads = 3;
    constexpr int turns = 5;
    std::size_t last = threads;
    std::vector<int> turns_of(threads);
    const auto all_have_had_enough = [&] {
        return std::ranges::all_of(turns_of, [](int count) { return count >= turns; });
    };
    testing::run_together(threads, [&](std::size_t me) {
        const ScopedInterpreter hold(lock);
        while (!all_have_had_enough()) {
            if (last != me) ++turns_of[me];
            last = me;
            lock.checkpoint();
        }
    });
    EXPECT_GE(lock.statistics().switches, turns * threads);
}

TEST(InterpreterLock, ServesThreadsThatComputeAndThreadsThatWait) {
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

TEST(InterpreterLock, KeepsStatistics) {
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

TEST(InterpreterLock, IsSeenInADump) {
    InterpreterLock lock;
    lock.lock();
    Thread waiter({.name = "guest"}, [&] { const ScopedInterpreter hold(lock); });
    waiter.start();
    // Now and then the waiter is awake to look at the clock, and only asleep can its holder be read.
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream text;
        dump(text);
        return text.str().find("waits for InterpreterLock") != std::string::npos &&
               text.str().find("held by \"" + current_thread().name()) != std::string::npos;
    }));
    lock.unlock();
}

TEST(InterpreterLock, DoesNotStallAPoolWhoseTasksWaitForEachOther) {
    InterpreterLock lock;
    ThreadPoolExecutor pool({.max_workers = 2});
    std::vector<Future<int>> results;
    for (int i = 0; i < testing::rounds(200); ++i) {
        results.push_back(pool.submit([&, i] {
            const ScopedInterpreter hold(lock);
            Future<int> inner = pool.submit([&, i] {
                const ScopedInterpreter also(lock);
                return i;
            });
            const int result = inner.result();
            EXPECT_TRUE(lock.is_held());
            return result;
        }));
    }
    int expected = 0;
    for (auto& result : results) EXPECT_EQ(result.result(), expected++);
}

TEST(InterpreterLockStress, LetsOneThreadInAtATime) {
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

/// So seldom contended that each time is the first: the fast paths and the slow ones meet.
TEST(InterpreterLockStress, LosesNobodyWhoComesAsItIsReleased) {
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
