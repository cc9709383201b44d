#include "threadwise/lock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::wait_for_asleep;

static_assert(sizeof(Lock) <= 8);

/// Runs on a thread of its own, and waits for it.
template <class Body>
void elsewhere(Body body) {
    std::jthread(body).join();
}

TEST(Lock, IsFreeOrHeld) {
    Lock lock;
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.acquire());
    EXPECT_TRUE(lock.locked());
    EXPECT_FALSE(lock.acquire(false));
    EXPECT_FALSE(lock.try_lock());
    lock.release();
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(Lock, WorksOnAThreadThatTheLibraryHasNotSeen) {
    Lock lock;
    elsewhere([&] {
        lock.lock();
        EXPECT_TRUE(lock.locked());
        lock.unlock();
    });
    elsewhere([&] { EXPECT_TRUE(lock.try_lock()); });
    elsewhere([&] { EXPECT_FALSE(lock.try_lock()); });
    elsewhere([&] { lock.unlock(); });
    elsewhere([&] { EXPECT_THROW(lock.unlock(), RuntimeError); });
}

TEST(Lock, MayBeReleasedByAnyThread) {
    Lock lock;
    lock.lock();
    elsewhere([&] { lock.release(); });
    EXPECT_FALSE(lock.locked());
    lock.lock();
    std::jthread waiter([&] { EXPECT_TRUE(lock.acquire()); });
    ASSERT_TRUE(wait_for_asleep(&lock, 1));
    elsewhere([&] { lock.release(); });
    waiter.join();
    EXPECT_TRUE(lock.locked());
    lock.release();
}

TEST(Lock, RefusesToBeReleasedWhenFree) {
    Lock lock;
    EXPECT_THROW(lock.release(), RuntimeError);
    lock.lock();
    lock.release();
    EXPECT_THROW(lock.release(), RuntimeError);
    EXPECT_TRUE(lock.try_lock()) << "the lock is as good as before";
    lock.unlock();
}

TEST(Lock, RefusesTimeoutsThatMakeNoSense) {
    Lock lock;
    EXPECT_THROW(lock.acquire(false, 1s), ValueError);
    EXPECT_THROW(lock.acquire(true, -1s), ValueError);
    EXPECT_THROW(lock.acquire(std::stop_token(), -1s), ValueError);
    EXPECT_FALSE(lock.locked());
}

TEST(Lock, WaitsNoLongerThanAsked) {
    Lock lock;
    lock.lock();
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(lock.acquire(true, 3ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 3ms);
    EXPECT_FALSE(lock.acquire(true, 0s));
    EXPECT_FALSE(lock.try_lock_for(1ms));
    EXPECT_FALSE(lock.try_lock_for(-1h));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now() + 1ms));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::system_clock::now() - 1h));
    lock.unlock();
    EXPECT_TRUE(lock.try_lock_for(-1h)) << "a time in the past tries once";
    lock.unlock();
    EXPECT_TRUE(lock.acquire(true, 0s));
    lock.unlock();
}

TEST(Lock, EndsAWaitWhenAsked) {
    Lock lock;
    lock.lock();
    testing::SharedRecord record;
    std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(lock.acquire(stop)); });
    std::jthread interrupted([&] {
        record.share();
        EXPECT_THROW(lock.lock(), InterruptedError);
        EXPECT_FALSE(lock.acquire(true, 1ms)) << "the interrupt has been delivered";
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 2));
    stopped.request_stop();
    runtime::interrupt(record.get());
    stopped.join();
    interrupted.join();
    lock.unlock();
    EXPECT_TRUE(lock.try_lock()) << "nobody left anything behind";
    lock.unlock();
}

TEST(Lock, ShowsWhoWaitsForItAndWhoHoldsIt) {
    Lock lock;
    const std::scoped_lock hold(lock);
    testing::SharedRecord record;
    std::jthread waiter([&](const std::stop_token& stop) {
        record.share();
        lock.acquire(stop, 1h);
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 1));
    const runtime::WaitSite site = record.get().site.read();
    EXPECT_EQ(site.kind, runtime::WaitKind::lock);
    ASSERT_NE(site.owner_word, nullptr);
    EXPECT_EQ(site.owner_word->load() & runtime::owner_mask, runtime::this_record().ident);
    EXPECT_STREQ(site.where.file_name(), __FILE__);
    EXPECT_LE(site.deadline, std::chrono::steady_clock::now() + 1h);
}

TEST(Lock, GuardsWithTheStandardsGuards) {
    Lock one;
    Lock two;
    const std::scoped_lock both(one, two);
    EXPECT_TRUE(one.locked() && two.locked());
}

TEST(Lock, StressExcludes) {
    Lock lock;
    long count = 0;
    const int turns = testing::rounds(50'000);
    testing::run_together(4, [&](std::size_t) {
        for (int turn = 0; turn < turns; ++turn) {
            const std::scoped_lock hold(lock);
            ++count;
        }
    });
    EXPECT_EQ(count, 4L * turns);
}

TEST(Lock, StressExcludesAmongTimeoutsStopsAndInterrupts) {
    Lock lock;
    long count = 0;
    std::atomic<long> taken{0};
    testing::run_together(5, [&](std::size_t i) {
        testing::Dice dice(i);
        for (int turn = 0; turn < testing::rounds(10'000); ++turn) {
            std::stop_source stop;
            if (dice(8) == 0) runtime::interrupt(runtime::this_record());
            if (dice(8) == 0) stop.request_stop();
            try {
                if (!lock.acquire(stop.get_token(), std::chrono::microseconds(dice(100)))) continue;
            } catch (const InterruptedError&) {
                continue;
            }
            ++count;
            ++taken;
            if (dice(4) == 0) std::this_thread::yield();
            lock.release();
        }
        runtime::take_interrupt(runtime::this_record());
    });
    EXPECT_EQ(count, taken);
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(testing::asleep_for(&lock), 0U);
}

TEST(Lock, StressPingPongOverTwoLocksThatTheOtherReleases) {
    Lock ping;
    Lock pong;
    ping.lock();
    pong.lock();
    const int turns = testing::rounds(20'000);
    testing::run_together(2, [&](std::size_t i) {
        for (int turn = 0; turn < turns; ++turn) {
            if (i == 0) ping.release();
            ASSERT_TRUE((i == 0 ? pong : ping).acquire(true, testing::patience));
            if (i == 1) pong.release();
        }
    });
}

TEST(Lock, StressNobodyStarvesBesideGreedyThreads) {
    Lock lock;
    std::atomic<bool> done{false};
    testing::run_together(4, [&](std::size_t i) {
        if (i == 0) {
            for (int turn = 0; turn < testing::rounds(300); ++turn) {
                ASSERT_TRUE(lock.acquire(true, testing::patience));
                lock.release();
            }
            done = true;
            return;
        }
        while (!done) {
            const std::scoped_lock hold(lock);
        }
    });
}

TEST(Lock, StressMayBeDestroyedByWhoTakesItLast) {
    for (int round = 0; round < testing::rounds(3'000); ++round) {
        auto lock = std::make_unique<Lock>();
        Lock& shared = *lock;
        int holders = 2;
        auto drop = [&] {
            shared.lock();
            const bool last = --holders == 0;
            shared.unlock();
            if (last) lock.reset();
        };
        testing::run_together(2, [&](std::size_t) { drop(); });
        ASSERT_EQ(lock, nullptr);
    }
}

}  // namespace
}  // namespace threadwise
