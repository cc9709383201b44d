#include "threadwise/deadlock_hook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/deadlock/detector.hpp"
#include "runtime/deadlock/watch.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// Two threads that wait for each other until one of the waits ends; the deadlocks that are reported meanwhile.
class DeadlockHookTest : public ::testing::Test {
protected:
    DeadlockHookTest() {
        runtime::first_look_after = std::chrono::nanoseconds(10ms).count();
        set_deadlock_hook([this](const Deadlock& deadlock) {
            const std::scoped_lock hold(guard_);
            reports_.push_back(deadlock);
            reported_.set();
        });
    }
    ~DeadlockHookTest() override {
        set_on_deadlock(OnDeadlock::report);
        set_deadlock_hook(nullptr);
        runtime::first_look_after = std::chrono::nanoseconds(500ms).count();
    }

    /// Each thread notes what ended its wait: "taken", "DeadlockError", "InterruptedError".
    template <class Mutex>
    void deadlock(Mutex& a, Mutex& b) {
        const auto take_both = [this](Mutex& first, Mutex& second) {
            const std::scoped_lock hold(first);
            arrived_.fetch_add(1);
            while (arrived_.load() < 2) sleep_for(1ms);
            std::string end = "taken";
            try {
                const std::scoped_lock hold_second(second);
            } catch (const DeadlockError& error) {
                end = "DeadlockError";
                message_ = error.what();
            } catch (const InterruptedError&) {
                end = "InterruptedError";
            }
            const std::scoped_lock hold_ends(guard_);
            ends_.push_back(end);
        };
        ada_ = Thread({.name = "ada"}, [&, take_both] { take_both(a, b); });
        bob_ = Thread({.name = "bob"}, [&, take_both] { take_both(b, a); });
        ada_.start();
        bob_.start();
    }

    void join() {
        ada_.join();
        bob_.join();
    }

    Event reported_;
    Lock guard_;
    std::vector<Deadlock> reports_;
    std::vector<std::string> ends_;
    std::string message_;
    std::atomic<int> arrived_{0};
    Thread ada_;
    Thread bob_;
};

TEST_F(DeadlockHookTest, IsToldWhoHoldsWhatAndWaitsWhereAndForWhat) {
    RLock a;
    RLock b;
    deadlock(a, b);
    reported_.wait();
    {
        const std::scoped_lock hold(guard_);
        const Deadlock& deadlock = reports_.at(0);
        EXPECT_TRUE(deadlock.certain);
        ASSERT_EQ(deadlock.threads.size(), 2U);
        const bool ada_first = deadlock.threads[0].name == "ada";
        const DeadlockedThread& ada = deadlock.threads.at(ada_first ? 0 : 1);
        const DeadlockedThread& bob = deadlock.threads.at(ada_first ? 1 : 0);
        EXPECT_EQ(ada.name, "ada");
        EXPECT_EQ(bob.name, "bob");
        EXPECT_EQ(ada.ident, ada_.ident());
        EXPECT_EQ(ada.native_id, ada_.native_id());
        EXPECT_EQ(ada.waits_for, "RLock");
        EXPECT_EQ(ada.object, reinterpret_cast<std::uintptr_t>(&b));
        EXPECT_EQ(ada.holds, "RLock");
        EXPECT_EQ(ada.held_object, reinterpret_cast<std::uintptr_t>(&a));
        EXPECT_EQ(bob.object, ada.held_object);
        const std::string text = to_string(deadlock);
        EXPECT_THAT(text, HasSubstr("threadwise: deadlock: 2 threads wait for each other, and nothing but an"));
        EXPECT_THAT(text, ContainsRegex("\"ada\" [(]ident [0-9]+, native id [0-9]+[)] holds RLock 0x[0-9a-f]+, and "
                                        "waits for RLock 0x[0-9a-f]+ held by \"bob\" [(]ident [0-9]+[)]\n    for "
                                        "[0-9]+[.][0-9]+ s"));
    }
    interrupt(ada_);
    join();
    EXPECT_THAT(ends_, ::testing::ElementsAre("InterruptedError", "taken"));
}

TEST(DeadlockWatch, LooksOnlyIfTheOwnerOfWhatIsWaitedForWaitsForAnOwnerToo) {
    RLock held;
    Event never_ending;
    held.lock();
    Thread wants([&] { const std::scoped_lock hold(held); });
    Thread idles([&] { never_ending.wait(); });
    wants.start();
    idles.start();
    testing::wait_for_asleep(&held, 1);
    testing::wait_for_asleep(&never_ending, 1);
    std::atomic<std::uint32_t> owner{0};
    const runtime::WaitSite site{.kind = runtime::WaitKind::rlock, .object = &owner, .owner_word = &owner, .where = {}};
    const auto looks = [&](std::uint32_t ident, const runtime::WaitSite& wait) {
        owner = ident;
        runtime::Bucket& bucket = runtime::bucket_of(&owner);
        runtime::DeadlockWatch watch(runtime::this_record(), wait);
        const platform::InternalHold hold(bucket.lock);
        watch.begin(bucket);
        return watch.due() != platform::never;
    };
    runtime::WaitSite timed = site;
    timed.deadline = platform::now() + 1h;
    EXPECT_FALSE(looks(0, site));
    EXPECT_FALSE(looks(idles.ident(), site));
    EXPECT_TRUE(looks(wants.ident(), site));
    EXPECT_FALSE(looks(wants.ident(), timed));
    EXPECT_TRUE(looks(get_ident(), site));  // it waits for itself
    held.unlock();
    never_ending.set();
    wants.join();
    idles.join();
    EXPECT_FALSE(looks(wants.ident(), site));
}

TEST_F(DeadlockHookTest, IsCalledOnceForADeadlock) {
    Lock a;
    Lock b;
    deadlock(a, b);
    reported_.wait();
    const std::uint64_t looks = runtime::look_count();
    EXPECT_TRUE(testing::wait_until([looks] { return runtime::look_count() >= looks + 2; }));  // and find it again
    EXPECT_EQ(reports_.size(), 1U);
    EXPECT_FALSE(reports_.at(0).certain);
    interrupt(ada_);
    join();
}

TEST_F(DeadlockHookTest, LetsTheWaitFailThatBeganLast) {
    set_on_deadlock(OnDeadlock::fail);
    RLock a;
    RLock b;
    deadlock(a, b);
    join();
    EXPECT_THAT(ends_, ::testing::ElementsAre("DeadlockError", "taken"));
    EXPECT_THAT(message_, HasSubstr("2 threads wait for each other"));
    EXPECT_THAT(message_, HasSubstr("\"bob\""));
    EXPECT_EQ(reports_.size(), 1U);
}

TEST_F(DeadlockHookTest, LetsAJoinFail) {
    set_on_deadlock(OnDeadlock::fail);
    RLock lock;
    lock.lock();
    Thread thread([&] { const std::scoped_lock hold(lock); });
    thread.start();
    sleep_for(1ms);
    bool failed = false;
    while (!failed) {
        try {
            thread.join();
        } catch (const DeadlockError&) {
            failed = true;
        }
        if (!failed) break;
    }
    // The thread's wait may have begun later, and has failed then; its exception has gone to the excepthook.
    lock.unlock();
    thread.join();
    EXPECT_TRUE(failed || !thread.is_alive());
}

TEST_F(DeadlockHookTest, LetsAPoolsTaskFailIntoItsFuture) {
    set_on_deadlock(OnDeadlock::fail);
    RLock lock;
    lock.lock();
    ThreadPoolExecutor pool(1);
    auto future = pool.submit([&] { const std::scoped_lock hold(lock); });
    EXPECT_THROW(future.result(), DeadlockError);  // of the wait for it, or the task's
    lock.unlock();
}

TEST_F(DeadlockHookTest, IsNotCalledWhereDeadlocksAreIgnored) {
    set_on_deadlock(OnDeadlock::ignore);
    RLock a;
    RLock b;
    deadlock(a, b);
    EXPECT_FALSE(reported_.wait(100ms));
    interrupt(ada_);
    join();
}

TEST_F(DeadlockHookTest, MayThrow) {
    set_deadlock_hook([this](const Deadlock&) {
        reported_.set();
        throw std::runtime_error("not so");
    });
    ::testing::internal::CaptureStderr();
    RLock a;
    RLock b;
    set_on_deadlock(OnDeadlock::fail);  // happens after the hook
    deadlock(a, b);
    join();
    const std::string printed = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(printed, HasSubstr("The deadlock hook itself failed: std::runtime_error: not so\n"));
    EXPECT_THAT(printed, HasSubstr("threadwise: deadlock: 2 threads"));
}

TEST_F(DeadlockHookTest, MayEndItsThread) {
    set_deadlock_hook([](const Deadlock&) { pthread_exit(nullptr); });
    ::testing::internal::CaptureStderr();
    RLock a;
    RLock b;
    set_on_deadlock(OnDeadlock::fail);  // happens all the same
    deadlock(a, b);
    join();
    EXPECT_THAT(ends_, UnorderedElementsAre("taken", "DeadlockError"));
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("threadwise: deadlock: 2 threads"));
}

TEST_F(DeadlockHookTest, IsReplacedAndRestored) {
    int calls = 0;
    const DeadlockHook mine = [&](const Deadlock&) { ++calls; };
    EXPECT_TRUE(set_deadlock_hook(mine));
    EXPECT_TRUE(set_deadlock_hook(nullptr));
    EXPECT_FALSE(set_deadlock_hook(nullptr));
    ::testing::internal::CaptureStderr();
    default_deadlock_hook({.threads = {DeadlockedThread()}, .certain = false});
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("suspected deadlock: a thread waits for itself"));
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace threadwise
