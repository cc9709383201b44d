#include "threadwise/multiprocessing/event.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
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

class SharedEventTest : public ::testing::Test {
protected:
    struct Board {
        Event event;
        Event answer;
        std::atomic<int> ready{0};
    };

    void SetUp() override {
        THREADWISE_NEEDS("shared memory");
        shared_ = std::make_unique<Shared<Board>>();
    }

    Board& board() const { return **shared_; }

    std::unique_ptr<Shared<Board>> shared_;
};

TEST_F(SharedEventTest, IsSetOrClear) {
    Event& event = board().event;
    EXPECT_FALSE(event.is_set());
    EXPECT_FALSE(event.wait(0s));
    EXPECT_FALSE(event.wait(-1s));
    event.set();
    event.set();
    EXPECT_TRUE(event.is_set());
    EXPECT_TRUE(event.wait());
    event.clear();
    EXPECT_FALSE(event.is_set());
}

TEST_F(SharedEventTest, WakesThoseThatWaitInOtherProcesses) {
    const auto wait = [this] {
        ++board().ready;
        return board().event.wait() ? 0 : 1;
    };
    Child a(wait);
    Child b(wait);
    ASSERT_TRUE(wait_until([&] { return board().ready.load() == 2; }));
    board().event.set();
    EXPECT_EQ(a.join(), 0);
    EXPECT_EQ(b.join(), 0);
}

TEST_F(SharedEventTest, IsNotMissedByAThreadThatWaitsWhenItIsClearedAtOnce) {
    Thread waiter([this] { EXPECT_TRUE(board().event.wait()); });
    waiter.start();
    ASSERT_TRUE(wait_for_waiters(&board().event, 1));
    board().event.set();
    board().event.clear();
    waiter.join();
}

TEST_F(SharedEventTest, IsWaitedForAsLongAsAskedFor) {
    const auto before = platform::now();
    EXPECT_FALSE(board().event.wait(5ms));
    EXPECT_GE(platform::now() - before, 5ms);
}

TEST_F(SharedEventTest, IsWaitedForUntilStopIsRequestedOrTheThreadInterrupted) {
    std::stop_source stop;
    Thread stopped([&] { EXPECT_FALSE(board().event.wait(stop.get_token())); });
    Thread interrupted([&] { EXPECT_THROW(board().event.wait(), InterruptedError); });
    stopped.start();
    interrupted.start();
    ASSERT_TRUE(wait_for_waiters(&board().event, 2));
    stop.request_stop();
    interrupt(interrupted);
    stopped.join();
    interrupted.join();
}

TEST_F(SharedEventTest, GoesToAndFroBetweenProcesses) {
    constexpr int rounds = 2000;
    Child other([this] {
        for (int i = 0; i < rounds; ++i) {
            board().event.wait();
            board().event.clear();
            board().answer.set();
        }
        return 0;
    });
    for (int i = 0; i < rounds; ++i) {
        board().event.set();
        ASSERT_TRUE(board().answer.wait(1min));
        board().answer.clear();
    }
    EXPECT_EQ(other.join(), 0);
}

TEST_F(SharedEventTest, OutlivesWaitersAndSettersThatAreKilled) {
    for (int round = 0; round < 20; ++round) {
        Child waiter([this] {
            ++board().ready;
            board().event.wait();
            return 0;
        });
        ASSERT_TRUE(wait_until([&] { return board().ready.load() == round + 1; }));
        waiter.kill();
    }
    Child setter([this] {
        for (;;) {
            board().event.set();
            board().event.clear();
        }
        return 0;
    });
    EXPECT_TRUE(board().event.wait(1min));
    setter.kill();
    setter.join();
    board().event.clear();
    Thread waiter([this] { EXPECT_TRUE(board().event.wait(1min)); });
    waiter.start();
    ASSERT_TRUE(wait_for_waiters(&board().event, 1));
    board().event.set();
    waiter.join();
}

}  // namespace
}  // namespace threadwise::multiprocessing
