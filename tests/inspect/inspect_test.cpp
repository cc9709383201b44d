#include "threadwise/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "inspect/confirm_cycles.hpp"
#include "support/sleepers.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using inspect::State;
using inspect::ThreadInfo;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ThreadInfo info_of(const std::string& name) {
    for (const ThreadInfo& thread : inspect::snapshot().threads) {
        if (thread.name == name) return thread;
    }
    ADD_FAILURE() << "no thread is called " << name;
    return {};
}

TEST(Inspect, SaysWhoTheMainThreadIs) {
    const auto now = inspect::snapshot();
    ASSERT_FALSE(now.threads.empty());
    const ThreadInfo& main = now.threads.front();
    EXPECT_EQ(main.name, "MainThread");
    EXPECT_EQ(main.ident, get_ident());
    EXPECT_EQ(main.native_id, get_native_id());
    EXPECT_FALSE(main.daemon);
    EXPECT_EQ(main.state, State::runs);
}

TEST(Inspect, SaysAllOfAWait) {
    Lock lock;
    const std::scoped_lock hold(lock);
    const auto before = std::chrono::steady_clock::now();
    std::uint32_t line = 0;
    Thread waiter({.name = "waiter", .daemon = true}, [&](const std::stop_token& stop) {
        line = __LINE__ + 1;
        lock.acquire(stop, 1h);
    });
    waiter.start();
    ASSERT_TRUE(testing::wait_for_asleep(&lock, 1));
    const ThreadInfo info = info_of("waiter");
    EXPECT_EQ(info.ident, waiter.ident());
    EXPECT_EQ(info.native_id, waiter.native_id());
    EXPECT_TRUE(info.daemon);
    ASSERT_EQ(info.state, State::waits);
    EXPECT_EQ(info.wait.kind, "Lock");
    EXPECT_EQ(info.wait.object, reinterpret_cast<std::uintptr_t>(&lock));
    EXPECT_THAT(info.wait.owners, ElementsAre(get_ident()));
    EXPECT_TRUE(info.wait.held);
    EXPECT_FALSE(info.wait.notified);
    EXPECT_GE(info.wait.since, before);
    ASSERT_TRUE(info.wait.deadline.has_value());
    EXPECT_GE(*info.wait.deadline, before + 1h);
    EXPECT_THAT(info.wait.where.file, EndsWith("inspect_test.cpp"));
    EXPECT_THAT(info.wait.where.function, HasSubstr("operator()"));
    EXPECT_EQ(info.wait.where.line, line);
    waiter.request_stop();
    waiter.join();
}

TEST(Inspect, NamesTheThreadThatIsJoined) {
    Event event;
    Thread worker({.name = "worker"}, [&] { event.wait(); });
    worker.start();
    Thread joiner({.name = "joiner"}, [&] { worker.join(); });
    joiner.start();
    ASSERT_TRUE(testing::wait_until([] { return info_of("joiner").state == State::waits; }));
    const ThreadInfo info = info_of("joiner");
    EXPECT_EQ(info.wait.kind, "Thread.join");
    EXPECT_THAT(info.wait.owners, ElementsAre(worker.ident()));
    EXPECT_FALSE(info.wait.held);
    EXPECT_FALSE(info.wait.deadline.has_value());
    event.set();
}

TEST(Inspect, FindsTheCycleOfTwoThreadsAndTwoLocks) {
    Lock first;
    Lock second;
    Barrier both(2);
    const auto take_both = [&](const std::stop_token& stop, Lock& one, Lock& other) {
        const std::scoped_lock hold(one);
        both.wait();
        if (other.acquire(stop)) other.release();
    };
    Thread forwards([&](const std::stop_token& stop) { take_both(stop, first, second); });
    Thread backwards([&](const std::stop_token& stop) { take_both(stop, second, first); });
    EXPECT_THAT(inspect::wait_cycles(inspect::snapshot()), IsEmpty());
    forwards.start();
    backwards.start();
    ASSERT_TRUE(testing::wait_for_asleep(&first, 1));
    ASSERT_TRUE(testing::wait_for_asleep(&second, 1));
    const auto [least, greatest] = std::minmax({forwards.ident(), backwards.ident()});
    EXPECT_THAT(inspect::wait_cycles(inspect::snapshot()), ElementsAre(ElementsAre(least, greatest)));
    forwards.request_stop();
    forwards.join();
    backwards.join();
    EXPECT_THAT(inspect::wait_cycles(inspect::snapshot()), IsEmpty());
}

/// A thread that waits for a lock that another one holds.
inspect::ThreadInfo waiter_for(std::uint32_t ident, std::uintptr_t lock, std::uint32_t holder) {
    inspect::ThreadInfo info;
    info.ident = ident;
    info.state = inspect::State::waits;
    info.wait.kind = "Lock";
    info.wait.object = lock;
    info.wait.owners = {holder};
    info.wait.held = true;
    return info;
}

TEST(Inspect, FindsNoCycleThroughALockThatItsHolderWaitsFor) {
    inspect::Snapshot of_two_moments;
    of_two_moments.threads = {waiter_for(2, 0x10, 3), waiter_for(3, 0x10, 2)};
    EXPECT_THAT(wait_cycles(of_two_moments), IsEmpty());
    inspect::Snapshot of_one;
    of_one.threads = {waiter_for(2, 0x10, 3), waiter_for(3, 0x10, 3)};
    EXPECT_THAT(wait_cycles(of_one), ElementsAre(ElementsAre(3))) << "it has taken a Lock twice";
}

TEST(Inspect, ConfirmsEachThreadOfACycleTwice) {
    const auto confirmed = [](auto is_unchanged) {
        inspect::Snapshot snapshot;
        snapshot.threads = {waiter_for(2, 0x10, 3), waiter_for(3, 0x20, 2), waiter_for(4, 0x20, 2)};
        inspect::confirm_cycles(snapshot, is_unchanged);
        return snapshot;
    };
    std::vector<std::size_t> looks;
    const auto lasting = confirmed([&](std::size_t index) {
        looks.push_back(index);
        return true;
    });
    EXPECT_THAT(looks, ElementsAre(0, 1, 0, 1));
    EXPECT_THAT(wait_cycles(lasting), ElementsAre(ElementsAre(2, 3)));

    const auto passing = confirmed([](std::size_t index) { return index != 1; });
    EXPECT_THAT(wait_cycles(passing), IsEmpty());
    EXPECT_THAT(passing.threads[0].wait.owners, ElementsAre(3));
    EXPECT_THAT(passing.threads[1].wait.owners, IsEmpty());
}

TEST(Inspect, FindsNoCycleOfBusyLocksStress) {
    std::atomic<bool> done{false};
    Lock lock;
    RLock rlock;
    std::vector<Thread> threads;
    const auto keep_busy = [&](auto& any) {
        threads.emplace_back([&] {
            while (!done) {
                const std::scoped_lock hold(any);
                sleep_for(50us);
            }
        });
        threads.back().start();
    };
    for (int i = 0; i < 4; ++i) {
        keep_busy(lock);
        keep_busy(rlock);
    }
    for (int i = 0; i < 300; ++i) EXPECT_THAT(wait_cycles(inspect::snapshot()), IsEmpty()) << "look " << i;
    done = true;
    for (Thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace threadwise
