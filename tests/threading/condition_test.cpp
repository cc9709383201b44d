#include "threadwise/condition.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "runtime/records/registry.hpp"
#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/event.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/shared_lock.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::wait_for_asleep;

/// Over each kind of lock: a Lock, an RLock, and one of the user's own.
template <class Guarding>
class ConditionOver : public ::testing::Test {
protected:
    Guarding lock;
    Condition condition{lock};
};
using Locks = ::testing::Types<Lock, RLock, std::mutex>;
TYPED_TEST_SUITE(ConditionOver, Locks, );

TYPED_TEST(ConditionOver, WaitsUntilNotified) {
    bool ready = false;
    std::jthread waiter([&] {
        const std::scoped_lock hold(this->lock);
        EXPECT_TRUE(this->condition.wait());
        EXPECT_TRUE(ready);
    });
    ASSERT_TRUE(wait_for_asleep(&this->condition, 1));
    const std::scoped_lock hold(this->lock);
    ready = true;
    this->condition.notify();
}

TYPED_TEST(ConditionOver, WakesAsManyAsAskedLongestFirst) {
    std::vector<int> woken;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 5; ++i) {
        threads.emplace_back([&, i] {
            const std::scoped_lock hold(this->lock);
            EXPECT_TRUE(this->condition.wait());
            woken.push_back(i);
        });
        ASSERT_TRUE(wait_for_asleep(&this->condition, static_cast<std::size_t>(i) + 1));
    }
    auto woken_now = [&] {
        const std::scoped_lock hold(this->lock);
        return woken.size();
    };
    {
        const std::scoped_lock hold(this->lock);
        this->condition.notify(0);
        this->condition.notify();
    }
    ASSERT_TRUE(testing::wait_until([&] { return woken_now() == 1; }));
    {
        const std::scoped_lock hold(this->lock);
        EXPECT_EQ(woken, std::vector<int>{0});
        this->condition.notify(2);
    }
    ASSERT_TRUE(testing::wait_until([&] { return woken_now() == 3; }));
    EXPECT_EQ(testing::asleep_for(&this->condition), 2U);
    {
        const std::scoped_lock hold(this->lock);
        this->condition.notify_all();
    }
    ASSERT_TRUE(testing::wait_until([&] { return woken_now() == 5; }));
}

TYPED_TEST(ConditionOver, ForgetsANotifyThatNobodyWaitsFor) {
    const std::scoped_lock hold(this->lock);
    this->condition.notify_all();
    EXPECT_FALSE(this->condition.wait(1ms));
    EXPECT_FALSE(this->condition.wait(0s));
    EXPECT_FALSE(this->condition.wait(-1s));
}

TYPED_TEST(ConditionOver, HoldsTheLockAgainHoweverTheWaitEnds) {
    testing::SharedRecord record;
    std::jthread stopped([&](const std::stop_token& stop) {
        const std::scoped_lock hold(this->lock);
        EXPECT_FALSE(this->condition.wait(stop));
    });
    std::jthread interrupted([&] {
        record.share();
        const std::scoped_lock hold(this->lock);
        EXPECT_THROW(this->condition.wait(), InterruptedError);
    });
    ASSERT_TRUE(wait_for_asleep(&this->condition, 2));
    EXPECT_EQ(record.get().site.read().kind, runtime::WaitKind::condition);
    stopped.request_stop();
    runtime::interrupt(record.get());
}

TYPED_TEST(ConditionOver, WaitsForAPredicate) {
    int value = 0;
    std::jthread waiter([&] {
        const std::scoped_lock hold(this->lock);
        EXPECT_TRUE(this->condition.wait_for([&] { return value == 2; }));
    });
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(wait_for_asleep(&this->condition, 1));
        const std::scoped_lock hold(this->lock);
        ++value;
        this->condition.notify();
    }
    waiter.join();
    const std::scoped_lock hold(this->lock);
    EXPECT_TRUE(this->condition.wait_for([] { return true; }, 0s));
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(this->condition.wait_for([] { return false; }, 3ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 3ms);
    EXPECT_THROW(this->condition.wait_for([]() -> bool { throw std::logic_error("predicate"); }), std::logic_error);
}

TYPED_TEST(ConditionOver, StressBoundedBuffer) {
    std::deque<int> items;
    Condition room(this->lock);
    const int count = testing::rounds(10'000);
    long sum = 0;
    testing::run_together(4, [&](std::size_t i) {
        testing::Dice dice(i);
        for (int n = 0; n < count; ++n) {
            const std::scoped_lock hold(this->lock);
            if (i < 2) {
                ASSERT_TRUE(room.wait_for([&] { return items.size() < 3; }, testing::patience));
                items.push_back(n);
                this->condition.notify();
            } else {
                // An impatient consumer must not swallow a notification.
                while (dice(2) == 0 && items.empty()) this->condition.wait(std::chrono::microseconds(dice(50)));
                ASSERT_TRUE(this->condition.wait_for([&] { return !items.empty(); }, testing::patience));
                sum += items.front();
                items.pop_front();
                room.notify();
            }
        }
    });
    EXPECT_EQ(sum, static_cast<long>(count) * (count - 1));
}

TYPED_TEST(ConditionOver, StressANotificationReachesSomebodyWhoeverGivesUp) {
    int permits = 0;
    int taken = 0;
    const int total = testing::rounds(10'000);
    testing::run_together(5, [&](std::size_t i) {
        testing::Dice dice(i);
        if (i == 0) {
            for (int n = 0; n < total; ++n) {
                const std::scoped_lock hold(this->lock);
                ++permits;
                this->condition.notify();
            }
            return;
        }
        const std::scoped_lock hold(this->lock);
        while (taken < total) {
            if (permits == 0) {
                // Who is told of the last permit tells the others.
                const bool impatient = i < 3;
                if (!impatient) {
                    ASSERT_TRUE(this->condition.wait(testing::patience));
                } else {
                    this->condition.wait(std::chrono::microseconds(dice(100)));
                }
                continue;
            }
            --permits;
            ++taken;
        }
        this->condition.notify_all();
    });
    EXPECT_EQ(taken, total);
}

TEST(Condition, HasAnRLockOfItsOwn) {
    Condition condition;
    condition.lock();
    EXPECT_TRUE(condition.acquire());
    EXPECT_TRUE(condition.acquire(false));
    EXPECT_TRUE(condition.try_lock());
    for (int i = 0; i < 4; ++i) condition.release();
    EXPECT_THROW(condition.release(), RuntimeError);
}

TEST(Condition, RefusesToWaitAndNotifyWithoutItsLock) {
    Condition own;
    EXPECT_THROW(own.wait(), RuntimeError);
    EXPECT_THROW(own.notify(), RuntimeError);
    EXPECT_THROW(own.notify_all(), RuntimeError);
    EXPECT_THROW(own.wait_for([] { return false; }), RuntimeError);
    Lock lock;
    Condition over_lock(lock);
    EXPECT_THROW(over_lock.wait(), RuntimeError);
    EXPECT_THROW(over_lock.notify(), RuntimeError);
    RLock rlock;
    Condition over_rlock(rlock);
    std::jthread([&] { rlock.lock(); }).join();
    EXPECT_THROW(over_rlock.wait(), RuntimeError) << "held, but by another";
}

TEST(Condition, GivesUpAnRLockWholeAndTakesItAgainAsOften) {
    RLock lock;
    Condition condition(lock);
    std::jthread waiter([&] {
        for (int i = 0; i < 3; ++i) lock.lock();
        EXPECT_TRUE(condition.wait());
        EXPECT_EQ(lock.recursion_count(), 3U);
        EXPECT_FALSE(condition.wait(1ms));
        EXPECT_EQ(lock.recursion_count(), 3U);
        for (int i = 0; i < 3; ++i) lock.unlock();
    });
    ASSERT_TRUE(wait_for_asleep(&condition, 1));
    const std::scoped_lock hold(lock);
    condition.notify();
}

TEST(Condition, ALockMayBeHeldByAnotherThanWhoNotifies) {
    // As in Python: a Lock has no owner, so that it is held by anybody is all that can be asked.
    Lock lock;
    Condition condition(lock);
    std::vector<std::jthread> waiters;
    for (int i = 0; i < 3; ++i) {
        waiters.emplace_back([&] {
            const std::scoped_lock hold(lock);
            EXPECT_TRUE(condition.wait(testing::patience));
        });
    }
    ASSERT_TRUE(wait_for_asleep(&condition, 3));
    lock.lock();
    std::jthread([&] { condition.notify_all(); }).join();
    lock.unlock();
}

/// Its lock() and unlock() wait at the door themselves.
class LockThatWaits {
public:
    void lock() {
        sleep_for(1us);
        lock_.lock();
    }
    void unlock() {
        lock_.unlock();
        sleep_for(1us);
    }

private:
    Lock lock_;
};

TEST(Condition, OverALockThatWaitsItself) {
    LockThatWaits lock;
    Condition changed(lock);
    int turn = 0;
    auto take_turns = [&](int mine) {
        for (int i = 0; i < 200; ++i) {
            const std::scoped_lock hold(changed);
            EXPECT_TRUE(changed.wait_for([&] { return turn == mine; }));
            turn = 1 - mine;
            changed.notify();
        }
    };
    std::jthread other(take_turns, 1);
    take_turns(0);
}

TEST(Condition, RefusesToNotifyFewerThanNone) {
    Condition condition;
    const std::scoped_lock hold(condition);
    condition.notify(0);
    EXPECT_THROW(condition.notify(-1), ValueError);
}

TEST(Condition, NotifyOfNobodyWakesNobody) {
    Condition changed;
    bool woken = false;
    std::jthread waiter([&] {
        const std::scoped_lock hold(changed);
        changed.wait();
        woken = true;
    });
    ASSERT_TRUE(testing::wait_for_asleep(&changed, 1));
    const std::scoped_lock hold(changed);
    changed.notify(0);
    EXPECT_EQ(testing::asleep_for(&changed), 1U);
    EXPECT_FALSE(woken);
    changed.notify();
}

TEST(Condition, AnInterruptDoesNotKeepAWaitFromItsLock) {
    SharedLock lock;  // whose own wait an interrupt ends
    Condition condition(lock);
    Thread waiter([&] {
        const std::scoped_lock hold(condition);
        EXPECT_TRUE(condition.wait());
        Event never_set;
        EXPECT_THROW(never_set.wait(), InterruptedError) << "the interrupt was lost";
    });
    waiter.start();
    ASSERT_TRUE(testing::wait_for_asleep(&condition, 1));
    {
        const std::scoped_lock hold(condition);
        condition.notify();
        ASSERT_TRUE(testing::wait_for_waiters(&lock, 1));
        interrupt(waiter);
        const auto record = runtime::registry::find(waiter.ident());
        ASSERT_TRUE(testing::wait_until([&] { return !record->interrupt_requested; })) << "the interrupt has arrived";
    }
    waiter.join();
}

TEST(Condition, StressANotifyWithoutTheLockLosesNobody) {
    Lock lock;
    Condition condition(lock);
    std::atomic<int> waiting{0};
    std::atomic<bool> done{false};
    testing::run_together(4, [&](std::size_t i) {
        if (i == 0) {
            for (int n = 0; n < testing::rounds(5'000); ++n) {
                try {
                    condition.notify_all();
                } catch (const RuntimeError&) {}  // nobody held the lock
            }
            done = true;
            while (waiting.load() > 0) {
                const std::scoped_lock hold(lock);
                condition.notify_all();
            }
            return;
        }
        ++waiting;
        while (!done) {
            const std::scoped_lock hold(lock);
            if (!done) condition.wait(testing::patience);
        }
        --waiting;
    });
}

}  // namespace
}  // namespace threadwise
