#include "threadwise/multiprocessing/condition.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
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

class SharedConditionTest : public ::testing::Test {
protected:
    struct Board {
        Condition changed;
        Lock lock;
        Condition over_lock{lock};
        int jobs = 0;
        std::atomic<int> ready{0};
    };

    void SetUp() override {
        THREADWISE_NEEDS("shared memory");
        shared_ = std::make_unique<Shared<Board>>();
    }

    Board& board() const { return **shared_; }

    std::unique_ptr<Shared<Board>> shared_;
};

TEST_F(SharedConditionTest, NeedsItsLock) {
    EXPECT_THROW(board().changed.wait(), RuntimeError);
    EXPECT_THROW(board().changed.notify(), RuntimeError);
    EXPECT_THROW(board().changed.notify(0), RuntimeError);
    EXPECT_THROW(board().over_lock.notify_all(), RuntimeError);
    const std::scoped_lock hold(board().changed);
    EXPECT_THROW(board().changed.notify(-1), ValueError);
    board().changed.notify(0);
    board().changed.notify(PTRDIFF_MAX);
}

TEST_F(SharedConditionTest, HandsJobsToOtherProcesses) {
    constexpr int jobs = 500;
    const auto work = [this] {
        for (;;) {
            const std::scoped_lock hold(board().changed);
            board().changed.wait_for([this] { return board().jobs != 0; });
            if (board().jobs < 0) return 0;
            --board().jobs;
            ++board().ready;
        }
    };
    Child a(work);
    Child b(work);
    for (int i = 0; i < jobs; ++i) {
        const std::scoped_lock hold(board().changed);
        ++board().jobs;
        board().changed.notify();
    }
    EXPECT_TRUE(wait_until([this] { return board().ready.load() == jobs; }));
    {
        const std::scoped_lock hold(board().changed);
        board().jobs = -1;
        board().changed.notify_all();
    }
    EXPECT_EQ(a.join(), 0);
    EXPECT_EQ(b.join(), 0);
}

TEST_F(SharedConditionTest, IsOverALockBesideIt) {
    Child child([this] {
        const std::scoped_lock hold(board().lock);
        ++board().ready;
        return board().over_lock.wait_for([this] { return board().jobs == 1; }) ? 0 : 1;
    });
    ASSERT_TRUE(wait_until([this] { return board().ready.load() == 1; }));
    {
        const std::scoped_lock hold(board().lock);
        board().jobs = 1;
        board().over_lock.notify();
    }
    EXPECT_EQ(child.join(), 0);
}

TEST_F(SharedConditionTest, ReleasesTheLockHoweverOftenItWasTaken) {
    const std::scoped_lock hold(board().changed);
    const std::scoped_lock twice(board().changed);
    Child child([this] {
        const std::scoped_lock there(board().changed);
        board().jobs = 1;
        board().changed.notify();
        return 0;
    });
    EXPECT_TRUE(board().changed.wait_for([this] { return board().jobs == 1; }, 1min));
    board().changed.release();
    EXPECT_EQ(Child([this] { return board().changed.try_lock() ? 1 : 0; }).join(), 0) << "taken as often as before";
    board().changed.acquire();
}

TEST_F(SharedConditionTest, WaitsAsLongAsAskedFor) {
    const std::scoped_lock hold(board().changed);
    const auto before = platform::now();
    EXPECT_FALSE(board().changed.wait(5ms));
    EXPECT_FALSE(board().changed.wait_for([] { return false; }, 5ms));
    EXPECT_GE(platform::now() - before, 10ms);
    EXPECT_TRUE(board().changed.wait_for([] { return true; }, 0s));
}

TEST_F(SharedConditionTest, WaitsUntilStopIsRequestedOrTheThreadInterrupted) {
    std::stop_source stop;
    const auto wait = [&](auto end) {
        return Thread([this, end] {
            const std::scoped_lock hold(board().changed);
            end();
        });
    };
    Thread stopped = wait([&] { EXPECT_FALSE(board().changed.wait(stop.get_token())); });
    Thread interrupted = wait([&] { EXPECT_THROW(board().changed.wait(), InterruptedError); });
    stopped.start();
    interrupted.start();
    ASSERT_TRUE(wait_for_waiters(&board().changed, 2));
    stop.request_stop();
    interrupt(interrupted);
    stopped.join();
    interrupted.join();
    EXPECT_TRUE(board().changed.try_lock());
    board().changed.release();
}

TEST_F(SharedConditionTest, TellsAWaiterThatAHolderDied) {
    Thread waiter([this] {
        const std::scoped_lock hold(board().changed);
        EXPECT_THROW(board().changed.wait(), OwnerDiedError);
        EXPECT_THROW(board().changed.notify(-1), ValueError) << "it holds the lock";
    });
    waiter.start();
    ASSERT_TRUE(wait_for_waiters(&board().changed, 1));
    Child([this] {
        board().changed.acquire();
        board().changed.notify();
        kill(getpid(), SIGKILL);
        return 0;
    }).join();
    waiter.join();
    EXPECT_THROW(board().changed.acquire(), OwnerDiedError) << "nobody has mended it yet";
    EXPECT_TRUE(board().changed.recover());
    board().changed.release();
    EXPECT_TRUE(board().changed.acquire());
    board().changed.release();
}

TEST_F(SharedConditionTest, LosesNoJobWithANotifiedProcessThatIsKilled) {
    const auto work = [this] {
        const std::scoped_lock hold(board().changed);
        ++board().ready;
        board().changed.wait_for([this] { return board().jobs != 0; });
        --board().jobs;
        return 0;
    };
    Child killed(work);
    ASSERT_TRUE(wait_until([this] { return board().ready.load() == 1; }));
    Child left(work);
    ASSERT_TRUE(wait_until([this] { return board().ready.load() == 2; }));
    {
        const std::scoped_lock hold(board().changed);
        killed.kill(SIGSTOP);  // whether it is the one that is woken or not, it does not take the job
        board().jobs = 1;
        board().changed.notify();
        killed.kill();
        killed.join();
    }
    EXPECT_EQ(left.join(), 0);
}

}  // namespace
}  // namespace threadwise::multiprocessing
