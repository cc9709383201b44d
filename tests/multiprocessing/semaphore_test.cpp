#include "threadwise/multiprocessing/semaphore.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <thread>

#include "platform/clock.hpp"
#include "support/backend.hpp"
#include "support/child.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::wait_for_waiters;
using testing::wait_until;

class SharedSemaphoreTest : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("shared memory"); }
};

TEST_F(SharedSemaphoreTest, CountsPermits) {
    const Shared<Semaphore> semaphore(2);
    EXPECT_EQ(semaphore->get_value(), 2);
    EXPECT_TRUE(semaphore->acquire());
    EXPECT_TRUE(semaphore->try_acquire());
    EXPECT_FALSE(semaphore->try_acquire());
    EXPECT_FALSE(semaphore->acquire(false));
    EXPECT_FALSE(semaphore->acquire(true, 0s));
    semaphore->release(3);
    EXPECT_EQ(semaphore->get_value(), 3);
}

TEST_F(SharedSemaphoreTest, RefusesNonsense) {
    EXPECT_THROW(Shared<Semaphore>(-1), ValueError);
    EXPECT_THROW(Shared<Semaphore>(Semaphore::max() + 1), ValueError);
    const Shared<Semaphore> semaphore(Semaphore::max());
    EXPECT_THROW(semaphore->release(), ValueError);
    EXPECT_THROW(semaphore->release(0), ValueError);
    EXPECT_THROW(semaphore->release(-1), ValueError);
    EXPECT_THROW(semaphore->release(INT64_MAX), ValueError);
    EXPECT_THROW(semaphore->acquire(true, -1s), ValueError);
    EXPECT_THROW(semaphore->acquire(false, 1s), ValueError);
    const Shared<BoundedSemaphore> bounded(1);
    EXPECT_THROW(bounded->release(), ValueError);
    bounded->acquire();
    bounded->release();
    EXPECT_THROW(bounded->release(), ValueError);
    EXPECT_EQ(bounded->get_value(), 1);
}

TEST_F(SharedSemaphoreTest, LetsSoManyInAndNoMore) {
    struct Board {
        Semaphore semaphore{2};
        std::atomic<int> inside{0};
        std::atomic<int> most{0};
    };
    const Shared<Board> board;
    const auto work = [&] {
        for (int i = 0; i < 2000; ++i) {
            board->semaphore.acquire();
            const int inside = ++board->inside;
            int most = board->most.load();
            while (most < inside && !board->most.compare_exchange_weak(most, inside)) {}
            --board->inside;
            board->semaphore.release();
        }
        return 0;
    };
    Child a(work);
    Child b(work);
    work();
    EXPECT_EQ(a.join(), 0);
    EXPECT_EQ(b.join(), 0);
    EXPECT_LE(board->most.load(), 2);
    EXPECT_EQ(board->semaphore.get_value(), 2);
}

TEST_F(SharedSemaphoreTest, IsReleasedByAnotherProcess) {
    const Shared<Semaphore> semaphore(0);
    Child child([&] {
        semaphore->release();
        return 0;
    });
    EXPECT_TRUE(semaphore->acquire(true, 1min));
}

TEST_F(SharedSemaphoreTest, IsWaitedForAsLongAsAskedFor) {
    const Shared<Semaphore> semaphore(0);
    const auto before = platform::now();
    EXPECT_FALSE(semaphore->acquire(true, 5ms));
    EXPECT_GE(platform::now() - before, 5ms);
    std::stop_source stop;
    Thread stopped([&] { EXPECT_FALSE(semaphore->acquire(stop.get_token())); });
    Thread interrupted([&] { EXPECT_THROW(semaphore->acquire(), InterruptedError); });
    stopped.start();
    interrupted.start();
    ASSERT_TRUE(wait_for_waiters(&*semaphore, 2));
    stop.request_stop();
    interrupt(interrupted);
    stopped.join();
    interrupted.join();
}

TEST_F(SharedSemaphoreTest, OutlivesWaitersThatAreKilled) {
    struct Board {
        Semaphore semaphore{0};
        std::atomic<int> ready{0};
    };
    const Shared<Board> board;
    const auto wait = [&] {
        ++board->ready;
        board->semaphore.acquire();
        return 0;
    };
    Child killed(wait);
    Child left(wait);
    ASSERT_TRUE(wait_until([&] { return board->ready.load() == 2; }));
    killed.kill();
    killed.join();
    board->semaphore.release();
    EXPECT_EQ(left.join(), 0);
}

}  // namespace
}  // namespace threadwise::multiprocessing
