#include "threadwise/multiprocessing/barrier.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

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

class SharedBarrierTest : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("shared memory"); }
};

TEST_F(SharedBarrierTest, IsForOneOrMore) {
    EXPECT_THROW(Shared<Barrier>(0), ValueError);
    EXPECT_THROW(Shared<Barrier>(-1), ValueError);
    EXPECT_THROW(Shared<Barrier>(Barrier::max() + 1), ValueError);
    const Shared<Barrier> barrier(1);
    EXPECT_EQ(barrier->parties(), 1U);
    EXPECT_EQ(barrier->wait(), 0U);
    EXPECT_EQ(barrier->wait(), 0U);
}

TEST_F(SharedBarrierTest, LetsProcessesMeetAgainAndAgain) {
    constexpr int meetings = 500;
    struct Board {
        Barrier barrier{3};
        std::array<std::atomic<int>, 3> round{};
        std::atomic<int> sum{0};
    };
    const Shared<Board> board;
    const auto meet = [&](std::size_t self) {
        for (int i = 1; i <= meetings; ++i) {
            board->round.at(self) = i;
            board->sum += static_cast<int>(board->barrier.wait());
            for (const auto& other : board->round) {
                if (other.load() < i) return 1;
            }
            board->barrier.wait();
        }
        return 0;
    };
    Child a([&] { return meet(0); });
    Child b([&] { return meet(1); });
    EXPECT_EQ(meet(2), 0);
    EXPECT_EQ(a.join(), 0);
    EXPECT_EQ(b.join(), 0);
    EXPECT_EQ(board->sum.load(), meetings * (0 + 1 + 2)) << "each has had a number of its own";
    EXPECT_EQ(board->barrier.n_waiting(), 0U);
}

TEST_F(SharedBarrierTest, BreaksWhenATimeoutPasses) {
    const Shared<Barrier> barrier(2);
    EXPECT_THROW(barrier->wait(5ms), BrokenBarrierError);
    EXPECT_TRUE(barrier->broken());
    EXPECT_THROW(barrier->wait(), BrokenBarrierError);
    barrier->reset();
    EXPECT_FALSE(barrier->broken());
    const Shared<Barrier> hasty(2, 5ms);
    EXPECT_THROW(hasty->wait(), BrokenBarrierError);
}

TEST_F(SharedBarrierTest, BreaksWhenAWaiterIsStoppedOrInterrupted) {
    const Shared<Barrier> barrier(3);
    std::stop_source stop;
    Thread stopped([&] { EXPECT_THROW(barrier->wait(stop.get_token(), forever), BrokenBarrierError); });
    stopped.start();
    ASSERT_TRUE(wait_for_waiters(&*barrier, 1));
    stop.request_stop();
    stopped.join();
    barrier->reset();
    Thread other([&] { EXPECT_THROW(barrier->wait(), BrokenBarrierError); });
    Thread interrupted([&] { EXPECT_THROW(barrier->wait(), InterruptedError); });
    other.start();
    interrupted.start();
    ASSERT_TRUE(wait_for_waiters(&*barrier, 2));
    EXPECT_EQ(barrier->n_waiting(), 2U);
    interrupt(interrupted);
    other.join();
    interrupted.join();
    EXPECT_TRUE(barrier->broken());
}

TEST_F(SharedBarrierTest, IsAbortedAndReset) {
    const Shared<Barrier> barrier(2);
    for (const bool reset : {false, true}) {
        Thread waiter([&] { EXPECT_THROW(barrier->wait(), BrokenBarrierError); });
        waiter.start();
        ASSERT_TRUE(wait_for_waiters(&*barrier, 1));
        if (reset) {
            barrier->reset();
        } else {
            barrier->abort();
        }
        waiter.join();
        EXPECT_EQ(barrier->broken(), !reset);
        barrier->reset();
    }
    Thread waiter([&] { barrier->wait(); });
    waiter.start();
    barrier->wait();
    waiter.join();
}

TEST_F(SharedBarrierTest, CountsAProcessThatIsKilledWhileItWaitsAsCome) {
    struct Board {
        Barrier barrier{2};
    };
    const Shared<Board> board;
    Child child([&] {
        board->barrier.wait();
        return 0;
    });
    ASSERT_TRUE(wait_until([&] { return board->barrier.n_waiting() == 1; }));
    child.kill();
    child.join();
    EXPECT_EQ(board->barrier.wait(1min), 1U);
}

TEST_F(SharedBarrierTest, NeverHangsWhereProcessesAreKilledStress) {
    // Children that come and reset are killed at whatever instruction they are: those that wait end all the same.
    const Shared<Barrier> barrier(2);
    for (int round = 0; round < 50; ++round) {
        Child child([&] {
            for (;;) {
                try {
                    barrier->wait(1ms);
                } catch (const BrokenBarrierError&) {
                    barrier->reset();
                }
            }
            return 0;
        });
        for (int i = 0; i <= round % 7; ++i) {
            try {
                barrier->wait(1ms);
            } catch (const BrokenBarrierError&) {
                barrier->reset();
            }
        }
        child.kill();
        child.join();
        try {
            barrier->wait(1ms);
        } catch (const BrokenBarrierError&) {}
        barrier->reset();
        EXPECT_FALSE(barrier->broken());
        EXPECT_EQ(barrier->n_waiting(), 0U);
    }
}

}  // namespace
}  // namespace threadwise::multiprocessing
