#include "threadwise/lock_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/lock_order/lock_graph.hpp"
#include "runtime/records/thread_record.hpp"
#include "support/command_output.hpp"
#include "support/forked_child.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// Checks the orders of locks, and collects what is reported.
class LockOrderTest : public ::testing::Test {
protected:
    LockOrderTest() {
        check_lock_order();
        runtime::LockGraph::get().forget_reports();
        set_lock_order_hook([this](const LockOrderConflict& conflict) {
            const std::scoped_lock hold(guard_);
            reports_.push_back(conflict);
        });
    }
    ~LockOrderTest() override { set_lock_order_hook(nullptr); }

    /// Calls it in a thread of that name, and waits until that has ended.
    static void in_thread(const std::string& name, std::function<void()> what) {
        Thread thread({.name = name}, std::move(what));
        thread.start();
        thread.join();
    }

    /// The kinds of locks that each report's orders hold.
    std::vector<std::vector<std::string>> kinds_held() const {
        std::vector<std::vector<std::string>> kinds;
        for (const LockOrderConflict& report : reports_) {
            kinds.emplace_back();
            for (const LockOrder& order : report.orders) kinds.back().push_back(order.held);
        }
        return kinds;
    }

    std::mutex guard_;
    std::vector<LockOrderConflict> reports_;
};

template <class First, class Second>
void take_both(First& first, Second& second) {
    const auto outer = hold(first);
    const auto inner = hold(second);
}

template <class Mutex>
class LockOrderOfTest : public LockOrderTest {};
using Mutexes = ::testing::Types<Lock, RLock, SharedLock, Condition>;
TYPED_TEST_SUITE(LockOrderOfTest, Mutexes);

TYPED_TEST(LockOrderOfTest, BothOrdersAreReportedOnce) {
    TypeParam a;
    TypeParam b;
    this->in_thread("ada", [&] { take_both(a, b); });
    EXPECT_THAT(this->reports_, IsEmpty());
    this->in_thread("bob", [&] { take_both(b, a); });
    EXPECT_THAT(this->reports_, SizeIs(1));
    this->in_thread("bob", [&] { take_both(b, a); });
    this->in_thread("ada", [&] { take_both(a, b); });
    EXPECT_THAT(this->reports_, SizeIs(1));
}

TEST_F(LockOrderTest, AReportSaysWhichThreadTookWhatWhere) {
    Lock a;
    RLock b;
    std::uint32_t line = 0;
    in_thread("ada", [&] {
        line = __LINE__ + 1;
        const auto outer = hold(a);
        const auto inner = hold(b);
    });
    in_thread("bob", [&] {
        const auto outer = hold(b);
        const auto inner = hold(a);
    });
    ASSERT_THAT(reports_, SizeIs(1));
    ASSERT_THAT(reports_[0].orders, SizeIs(2));
    const LockOrder& ada = reports_[0].orders[0];
    const LockOrder& bob = reports_[0].orders[1];
    EXPECT_EQ(ada.thread, "ada");
    EXPECT_EQ(ada.held, "Lock");
    EXPECT_EQ(ada.held_object, reinterpret_cast<std::uintptr_t>(&a));
    EXPECT_THAT(ada.held_where.file_name(), EndsWith("lock_order_test.cpp"));
    EXPECT_EQ(ada.held_where.line(), line);
    EXPECT_EQ(ada.taken, "RLock");
    EXPECT_EQ(ada.taken_object, reinterpret_cast<std::uintptr_t>(&b));
    EXPECT_EQ(ada.taken_where.line(), line + 1);
    EXPECT_EQ(bob.thread, "bob");
    EXPECT_EQ(bob.held_object, ada.taken_object);
    EXPECT_EQ(bob.taken_object, ada.held_object);
    EXPECT_EQ(bob.held_where.line(), line + 4);
    EXPECT_EQ(bob.taken_where.line(), line + 5);
    const std::string text = to_string(reports_[0]);
    EXPECT_THAT(text, HasSubstr("threadwise: lock order: 2 locks are taken in both orders, and may deadlock\n"));
    EXPECT_THAT(text, HasSubstr("\"ada\" (ident " + std::to_string(ada.ident) + ") held Lock 0x"));
    EXPECT_THAT(text, HasSubstr("lock_order_test.cpp:" + std::to_string(line + 5) + " ("));
}

TEST_F(LockOrderTest, OneThreadThatTakesBothOrdersIsReported) {
    Lock a;
    Lock b;
    take_both(a, b);
    take_both(b, a);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, ThreeInACircleAreReported) {
    Lock a;
    RLock b;
    SharedLock c;
    take_both(a, b);
    take_both(b, c);
    EXPECT_THAT(reports_, IsEmpty());
    take_both(c, a);
    EXPECT_THAT(kinds_held(), ElementsAre(ElementsAre("Lock", "RLock", "SharedLock (to write)")));
    EXPECT_THAT(to_string(reports_.at(0)), HasSubstr("3 locks are taken in orders that form a circle"));
}

TEST_F(LockOrderTest, EachPairIsReported) {
    Lock a;
    Lock b;
    Lock c;
    take_both(c, a);
    take_both(c, b);
    const std::scoped_lock both(a, b);  // no order of these two
    const auto inner = hold(c);
    EXPECT_THAT(reports_, SizeIs(2));
}

TEST_F(LockOrderTest, HundredsOfLocksAtOnceAreChecked) {
    std::vector<Lock> locks(300);
    for (Lock& lock : locks) lock.lock();
    for (Lock& lock : locks) lock.unlock();
    take_both(locks[200], locks[199]);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, AConsistentOrderIsNotReported) {
    std::array<Lock, 3> locks;
    for (int i = 0; i < 3; ++i) {
        take_both(locks[0], locks[1]);
        take_both(locks[1], locks[2]);
        take_both(locks[0], locks[2]);
        const auto outer = hold(locks[0]);
        take_both(locks[1], locks[2]);
    }
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, ATryIsNoOrder) {
    Lock a;
    RLock b;
    SharedLock c;
    {
        const auto outer = hold(a);
        EXPECT_TRUE(b.try_lock());
        b.unlock();
        EXPECT_TRUE(b.acquire(false));
        b.unlock();
        EXPECT_TRUE(b.acquire(true, 1h));
        b.unlock();
        EXPECT_TRUE(c.try_lock());
        c.unlock();
        EXPECT_TRUE(c.try_lock_for(1h));
        c.unlock();
        EXPECT_TRUE(c.try_lock_shared());
        c.unlock_shared();
        EXPECT_TRUE(c.lock_shared({}, 1h));
        c.unlock_shared();
    }
    take_both(b, a);
    take_both(c, a);
    const auto outer = hold(b);
    EXPECT_TRUE(a.try_lock_until(std::chrono::steady_clock::now() + 1h));
    a.unlock();
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, WhatATryHasTakenIsHeld) {
    Lock a;
    Lock b;
    ASSERT_TRUE(a.try_lock());
    b.lock();
    b.unlock();
    a.unlock();
    take_both(b, a);
    ASSERT_THAT(reports_, SizeIs(1));
    EXPECT_EQ(reports_[0].orders[0].held_where.line(), 0U);
    EXPECT_THAT(to_string(reports_[0]), HasSubstr(", taken by try_lock(),\n"));
}

TEST_F(LockOrderTest, BothAtOnceAreNoOrder) {
    Lock a;
    RLock b;
    for (int i = 0; i < 3; ++i) {
        const std::scoped_lock there(a, b);
    }
    for (int i = 0; i < 3; ++i) {
        const std::scoped_lock back(b, a);
    }
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, ToTakeALockAgainIsNoOrder) {
    RLock a;
    RLock b;
    take_both(a, b);
    const auto outer = hold(a);
    const auto inner = hold(b);
    const auto again = hold(a);
    const auto again_too = hold(b);
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, AReleaseInAnyOrderIsARelease) {
    Lock a;
    Lock b;
    Lock c;
    a.lock();
    ASSERT_TRUE(b.try_lock());
    a.unlock();
    c.lock();  // b alone is held
    c.unlock();
    b.unlock();
    take_both(c, a);
    EXPECT_THAT(reports_, IsEmpty());
    take_both(c, b);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, AConditionTakesItsLockBackInNoOrder) {
    Lock lock;
    Condition condition(lock);
    RLock other;
    Condition own;
    const auto outer = hold(condition);
    const auto inner = hold(other);
    EXPECT_FALSE(condition.wait(1ms));  // holds `other`, and takes `lock`
    const auto innermost = hold(own);
    EXPECT_FALSE(own.wait(1ms));
    EXPECT_FALSE(condition.wait(1ms));
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, ALockThatAConditionHasTakenBackIsHeld) {
    Lock a;
    Condition condition(a);
    Lock b;
    {
        const auto outer = hold(condition);
        EXPECT_FALSE(condition.wait(1ms));
        const auto inner = hold(b);
    }
    take_both(b, a);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, AWaitingThreadDoesNotHoldTheConditionsLock) {
    Condition condition;
    Lock b;
    bool notified = false;
    Thread waiter([&] {
        const auto held = hold(condition);
        condition.wait_for([&] { return notified; });
    });
    waiter.start();
    {
        const auto held = hold(condition);
        notified = true;
        condition.notify_all();
    }
    waiter.join();
    take_both(b, condition);
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, ALockThatIsHandedOverIsASignal) {
    Lock signal;
    Lock a;
    Lock b;
    signal.lock();
    take_both(a, b);
    in_thread("bob", [&] { signal.unlock(); });
    for (int i = 0; i < 2; ++i) {
        take_both(a, signal);  // this thread does not hold it any more
        take_both(signal, b);
        take_both(b, signal);
    }
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, SignalsLeaveNothingBehind) {
    Lock a;
    std::vector<Lock> signals(200);
    for (Lock& signal : signals) signal.lock();
    in_thread("bob", [&] {
        for (Lock& signal : signals) signal.unlock();
    });
    const auto held = hold(a);
    EXPECT_THAT(runtime::this_record().held_locks.locks, SizeIs(1));
}

TEST_F(LockOrderTest, AReaderAndAWriterAreReported) {
    SharedLock a;
    SharedLock b;
    in_thread("ada", [&] {
        const auto outer = hold_shared(a);
        const auto inner = hold(b);
    });
    in_thread("bob", [&] {
        const auto outer = hold_shared(b);
        const auto inner = hold(a);
    });
    EXPECT_THAT(kinds_held(), ElementsAre(ElementsAre("SharedLock (to read)", "SharedLock (to read)")));
}

TEST_F(LockOrderTest, ReadersDoNotWaitForReaders) {
    SharedLock a;
    SharedLock b;
    Lock lock;
    const auto read_both = [](SharedLock& first, SharedLock& second) {
        const auto outer = hold_shared(first);
        const auto inner = hold_shared(second);
    };
    read_both(a, b);
    read_both(b, a);
    {
        const auto outer = hold_shared(a);
        const auto inner = hold(lock);
    }
    {
        const auto outer = hold(lock);
        const auto inner = hold_shared(a);
    }
    EXPECT_THAT(reports_, IsEmpty());
    take_both(lock, a);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, ToReadAgainIsNoOrder) {
    SharedLock a;
    Lock b;
    const auto outer = hold_shared(a);
    const auto inner = hold(b);
    a.lock_shared();
    a.unlock_shared();
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, OrdersThatAThirdLockKeepsApartAreNotReported) {
    Lock gate;
    Lock a;
    Lock b;
    const auto behind_gate = [&](Lock& first, Lock& second) {
        const auto held = hold(gate);
        take_both(first, second);
    };
    behind_gate(a, b);
    behind_gate(b, a);
    EXPECT_THAT(reports_, IsEmpty());
    take_both(a, b);  // one without the gate is enough
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, ReadersOfAThirdLockAreNotKeptApart) {
    SharedLock gate;
    Lock a;
    Lock b;
    const auto behind_gate = [&](Lock& first, Lock& second) {
        const auto held = hold_shared(gate);
        take_both(first, second);
    };
    behind_gate(a, b);
    behind_gate(b, a);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, AnotherLockAtTheSameAddressIsAnotherLock) {
    struct Pair {
        Lock a;
        RLock b;
        SharedLock c;
    };
    alignas(Pair) std::array<std::byte, sizeof(Pair)> memory;
    Pair* const older = std::construct_at(reinterpret_cast<Pair*>(memory.data()));
    take_both(older->a, older->b);
    take_both(older->b, older->c);
    std::destroy_at(older);
    Pair* const newer = std::construct_at(reinterpret_cast<Pair*>(memory.data()));
    take_both(newer->c, newer->b);
    take_both(newer->b, newer->a);
    EXPECT_THAT(reports_, IsEmpty());
    take_both(newer->a, newer->c);
    EXPECT_THAT(reports_, SizeIs(1));
    std::destroy_at(newer);
}

TEST_F(LockOrderTest, LocksThatComeAndGoAreForgottenAndOthersAreNot) {
    Lock a;
    Lock b;
    take_both(a, b);
    for (int i = 0; i < 3000; ++i) {
        Lock lock;
        take_both(b, lock);
    }
    std::vector<Lock> all_at_once(17'000);  // more than can be remembered
    int used = 0;
    for (Lock& lock : all_at_once) {
        take_both(b, lock);
        if (++used % 1000 == 0) take_both(a, b);
    }
    EXPECT_THAT(reports_, IsEmpty());
    take_both(b, a);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, APlaceCanBeIgnored) {
    Lock a;
    Lock b;
    take_both(a, b);
    const std::string line = std::to_string(__LINE__ + 3);
    ignore_lock_order_at("lock_order_test.cpp:" + line);
    {
        const auto outer = hold(b);
        const auto inner = hold(a);
    }
    EXPECT_THAT(reports_, IsEmpty());
    {
        const auto outer = hold(b);
        const auto inner = hold(a);
    }
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, APlaceThatNamesNoFileIsRefused) {
    EXPECT_THROW(ignore_lock_order_at(""), ValueError);
    EXPECT_THROW(ignore_lock_order_at(":17"), ValueError);
    EXPECT_THROW(ignore_lock_order_at("bank.cpp:"), ValueError);
    EXPECT_THROW(ignore_lock_order_at("bank.cpp:x"), ValueError);
    EXPECT_THROW(ignore_lock_order_at("bank.cpp:0"), ValueError);
    ignore_lock_order_at("order_test.cpp");  // another file
    ignore_lock_order_at("deadlock/lock_order_test.cpp:1");
    Lock a;
    Lock b;
    take_both(a, b);
    take_both(b, a);
    EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(LockOrderTest, AThreadMayEndWithALock) {
    Lock kept;
    Lock a;
    in_thread("ada", [&] {
        kept.lock();
        a.lock();
        a.unlock();
    });
    in_thread("bob", [&] {
        take_both(a, *std::make_unique<Lock>());
        kept.unlock();
    });
    take_both(a, kept);
    EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(LockOrderTest, TheHookIsCalledBeforeTheLockIsTakenAndMayUseLocks) {
    Lock a;
    Lock b;
    Lock c;
    bool was_free = false;
    set_lock_order_hook([&](const LockOrderConflict&) {
        was_free = !a.locked() && b.locked();
        take_both(c, a);
        take_both(a, c);
    });
    take_both(a, b);
    take_both(b, a);
    EXPECT_TRUE(was_free);
    EXPECT_FALSE(b.locked());
}

TEST_F(LockOrderTest, AHookThatThrowsIsReported) {
    Lock a;
    Lock b;
    set_lock_order_hook([](const LockOrderConflict&) { throw std::runtime_error("no room left"); });
    take_both(a, b);
    ::testing::internal::CaptureStderr();
    take_both(b, a);
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, HasSubstr("The lock order hook itself failed"));
    EXPECT_THAT(text, HasSubstr("no room left"));
    EXPECT_THAT(text, HasSubstr("threadwise: lock order: 2 locks"));
}

TEST_F(LockOrderTest, AForkedChildGoesOnChecking) {
    Lock a;
    Lock b;
    take_both(a, b);
    const auto held = hold(a);
    const int result = testing::in_child({[&] {
                                              a.unlock();
                                              take_both(b, a);
                                              return reports_.size() == 1;
                                          },
                                          [&] {
                                              Lock c;
                                              take_both(a, c);
                                              take_both(c, b);
                                              return reports_.size() == 2;
                                          }});
    EXPECT_EQ(result, testing::all_well);
}

/// Takes some locks in the order of their numbers, and others in any way that cannot deadlock.
TEST_F(LockOrderTest, AStormThatCannotDeadlockIsNotReported) {
    constexpr int threads = 4;
    constexpr int rounds = 400;
    std::array<Lock, 4> locks;
    std::array<SharedLock, 2> shared;
    Condition condition;
    Lock signal;
    const auto storm = [&](unsigned seed) {
        std::minstd_rand random(seed);
        for (int i = 0; i < rounds; ++i) {
            const std::size_t first = random() % 3;
            const auto outer = hold(locks.at(first));
            const auto inner = hold(locks.at(first + 1));
            if (first > 0 && locks.at(first - 1).try_lock_for(1us)) locks.at(first - 1).unlock();
            const std::shared_lock reads(shared.at(random() % 2));
            if (signal.try_lock()) signal.unlock();
            const auto last = hold(condition);
            if (random() % 8 == 0) condition.wait(1us);
            condition.notify();
        }
    };
    std::vector<Thread> all;
    for (unsigned seed = 1; seed <= threads; ++seed) all.emplace_back(storm, seed).start();
    for (Thread& thread : all) thread.join();
    EXPECT_THAT(reports_, IsEmpty());
}

/// What order_program prints.
std::string run_program(const std::string& environment, const std::string& way) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "order_program";
    const testing::CommandOutput output =
        testing::output_of_command(environment + " " + program.string() + " " + way + " 2>&1");
    EXPECT_EQ(output.status, 0);
    return output.text;
}

TEST(LockOrderEnvironmentTest, SwitchesTheCheckOn) {
    const std::string text = run_program("THREADWISE_CHECK=order", "both-orders");
    EXPECT_THAT(text,
                StartsWith("threadwise: lock order: 2 locks are taken in both orders, and may deadlock\n  \"ada\""));
    EXPECT_THAT(text, EndsWith("\nover\n"));
}

TEST(LockOrderEnvironmentTest, IsOffAtFirst) { EXPECT_EQ(run_program("THREADWISE_CHECK=", "both-orders"), "over\n"); }

TEST(LockOrderEnvironmentTest, SaysWhatItDoesNotUnderstand) {
    EXPECT_EQ(run_program("THREADWISE_CHECK=orders", "both-orders"),
              "threadwise: THREADWISE_CHECK is \"orders\"; it can be order, and counts as unset\nover\n");
}

TEST(LockOrderEnvironmentTest, IgnoresPlaces) {
    EXPECT_EQ(
        run_program("THREADWISE_CHECK=order THREADWISE_IGNORE_ORDER=bank.cpp,,order_program.cpp,x:y", "both-orders"),
        "threadwise: THREADWISE_IGNORE_ORDER has \"x:y\", which is no FILE or FILE:LINE\nover\n");
}

TEST(LockOrderProgramTest, AThreadThatIsNotFollowedCausesNoFalseReport) {
    EXPECT_EQ(run_program("THREADWISE_CHECK=", "begins-late"), "over\n");
}

}  // namespace
}  // namespace threadwise
