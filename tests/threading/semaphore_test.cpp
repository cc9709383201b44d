#include "threadwise/semaphore.hpp"

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
using testing::wait_for_asleep;

static_assert(sizeof(Semaphore) <= 16);

TEST(Semaphore, CountsPermits) {
    Semaphore semaphore(2);
    EXPECT_EQ(semaphore.value(), 2);
    EXPECT_TRUE(semaphore.acquire());
    EXPECT_TRUE(semaphore.acquire(false));
    EXPECT_FALSE(semaphore.acquire(false));
    EXPECT_FALSE(semaphore.try_acquire());
    semaphore.release();
    EXPECT_TRUE(semaphore.try_acquire());
    semaphore.release(3);
    EXPECT_EQ(semaphore.value(), 3) << "more than at first: it is not bounded";
    EXPECT_EQ(Semaphore().value(), 1);
}

TEST(Semaphore, RefusesNumbersThatMakeNoSense) {
    EXPECT_THROW(Semaphore(-1), ValueError);
    EXPECT_THROW(BoundedSemaphore(-1), ValueError);
    Semaphore semaphore(0);
    EXPECT_THROW(semaphore.release(0), ValueError);
    EXPECT_THROW(semaphore.release(-1), ValueError);
    EXPECT_THROW(semaphore.acquire(false, 1s), ValueError);
    EXPECT_EQ(semaphore.value(), 0);
}

TEST(Semaphore, NeverHasMoreThanItCanHold) {
    Semaphore full(Semaphore::max());
    EXPECT_THROW(full.release(), ValueError);
    EXPECT_THROW(full.release(Semaphore::max()), ValueError);
    EXPECT_EQ(full.value(), Semaphore::max());
    EXPECT_TRUE(full.try_acquire());
    EXPECT_THROW(full.release(2), ValueError);
    EXPECT_EQ(full.value(), Semaphore::max() - 1);
    full.release();
    EXPECT_EQ(full.value(), Semaphore::max());

    Semaphore few(2);
    EXPECT_THROW(few.release(Semaphore::max() - 1), ValueError);
    EXPECT_EQ(few.value(), 2);
    few.release(Semaphore::max() - 2);
    EXPECT_EQ(few.value(), Semaphore::max());
}

TEST(Semaphore, LetsOneOfTwoReleasesFillIt) {
    Semaphore almost_full(Semaphore::max() - 1);
    std::atomic<int> refused{0};
    testing::run_together(4, [&](std::size_t) {
        try {
            almost_full.release();
        } catch (const ValueError&) {
            ++refused;
        }
    });
    EXPECT_EQ(refused, 3);
    EXPECT_EQ(almost_full.value(), Semaphore::max());
}

TEST(Semaphore, WaitsNoLongerThanAsked) {
    Semaphore semaphore(0);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(semaphore.acquire(true, 3ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 3ms);
    EXPECT_FALSE(semaphore.acquire(true, 0s));
    EXPECT_FALSE(semaphore.acquire(true, -1s)) << "a negative timeout only tries";
    semaphore.release();
    EXPECT_TRUE(semaphore.acquire(true, -1s));
}

TEST(Semaphore, EndsAWaitWhenAsked) {
    Semaphore semaphore(0);
    testing::SharedRecord record;
    std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(semaphore.acquire(stop)); });
    std::jthread interrupted([&] {
        record.share();
        EXPECT_THROW(semaphore.acquire(), InterruptedError);
    });
    ASSERT_TRUE(wait_for_asleep(&semaphore, 2));
    EXPECT_EQ(record.get().site.read().kind, runtime::WaitKind::semaphore);
    stopped.request_stop();
    runtime::interrupt(record.get());
    stopped.join();
    interrupted.join();
    semaphore.release();
    EXPECT_EQ(semaphore.value(), 1) << "nobody took it along";
}

TEST(Semaphore, WakesAsManyAsThereArePermits) {
    Semaphore semaphore(0);
    std::atomic<int> through{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            semaphore.acquire();
            ++through;
        });
    }
    ASSERT_TRUE(wait_for_asleep(&semaphore, 4));
    semaphore.release(3);
    ASSERT_TRUE(testing::wait_until([&] { return through == 3; }));
    EXPECT_EQ(testing::asleep_for(&semaphore), 1U);
    semaphore.release();
}

TEST(BoundedSemaphore, RefusesAReleaseTooMany) {
    BoundedSemaphore semaphore(2);
    EXPECT_THROW(semaphore.release(), ValueError);
    EXPECT_TRUE(semaphore.acquire());
    EXPECT_THROW(semaphore.release(2), ValueError);
    EXPECT_THROW(semaphore.release(0), ValueError);
    EXPECT_EQ(semaphore.value(), 1) << "a refused release adds nothing";
    EXPECT_TRUE(semaphore.try_acquire());
    semaphore.release(2);
    EXPECT_EQ(semaphore.value(), 2);
    EXPECT_THROW(semaphore.release(), ValueError);
    EXPECT_TRUE(semaphore.acquire(std::stop_token(), 1ms));
}

TEST(BoundedSemaphore, WakesWhoWaits) {
    BoundedSemaphore semaphore(1);
    semaphore.acquire();
    std::jthread waiter([&] { EXPECT_TRUE(semaphore.acquire(true, testing::patience)); });
    ASSERT_TRUE(testing::wait_for_asleep(&semaphore, 1));
    semaphore.release();
    waiter.join();
    EXPECT_EQ(semaphore.value(), 0);
}

TEST(Semaphore, StressNeverMoreInsideThanPermits) {
    Semaphore semaphore(2);
    std::atomic<int> inside{0};
    testing::run_together(5, [&](std::size_t i) {
        testing::Dice dice(i);
        for (int turn = 0; turn < testing::rounds(10'000); ++turn) {
            if (!semaphore.acquire(true, dice(4) == 0 ? Timeout(std::chrono::microseconds(dice(50))) : forever))
                continue;
            ASSERT_LE(++inside, 2);
            if (dice(8) == 0) std::this_thread::yield();
            --inside;
            semaphore.release();
        }
    });
    EXPECT_EQ(semaphore.value(), 2);
}

TEST(Semaphore, StressLosesNoPermit) {
    Semaphore semaphore(0);
    const int releases = testing::rounds(20'000);
    const int released = 2 * (releases + releases / 2);  // by two threads, one and two permits in turn
    std::atomic<int> taken{0};
    testing::run_together(6, [&](std::size_t i) {
        testing::Dice dice(i);
        if (i < 2) {
            for (int n = 0; n < releases; ++n) semaphore.release(1 + n % 2);
            return;
        }
        while (taken.load() < released) {
            std::stop_source stop;
            if (dice(8) == 0) stop.request_stop();
            if (semaphore.acquire(stop.get_token(), std::chrono::microseconds(dice(200)))) ++taken;
        }
    });
    EXPECT_EQ(taken, released);
    EXPECT_EQ(semaphore.value(), 0);
}

TEST(Semaphore, StressLosesNoPermitWhereManyAreReleasedAtOnce) {
    Semaphore semaphore(0);
    std::atomic<int> released{0};
    std::atomic<int> taken{0};
    std::atomic<int> releasing{2};
    testing::run_together(8, [&](std::size_t i) {
        testing::Dice dice(i);
        if (i < 2) {
            for (int turn = 0; turn < testing::rounds(5'000); ++turn) {
                const int n = 1 + static_cast<int>(dice(8));
                released += n;
                semaphore.release(n);
                while (released - taken > 16) std::this_thread::yield();  // so that they sleep again and again
            }
            --releasing;
            return;
        }
        while (releasing > 0 || taken < released) {
            const Timeout timeout = dice(2) == 0 ? std::chrono::microseconds(dice(200)) : std::chrono::milliseconds(5);
            if (semaphore.acquire(true, timeout)) ++taken;
        }
    });
    EXPECT_EQ(taken, released);
    EXPECT_EQ(semaphore.value(), 0);
}

TEST(Semaphore, StressNobodyStarvesBesideGreedyThreads) {
    Semaphore semaphore(1);
    std::atomic<bool> done{false};
    testing::run_together(4, [&](std::size_t i) {
        if (i == 0) {
            for (int turn = 0; turn < testing::rounds(300); ++turn) {
                ASSERT_TRUE(semaphore.acquire(true, testing::patience));
                semaphore.release();
            }
            done = true;
            return;
        }
        while (!done) {
            semaphore.acquire();
            semaphore.release();
        }
    });
}

}  // namespace
}  // namespace threadwise
