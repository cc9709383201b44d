#include "threadwise/hold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

#include "support/sleepers.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

/// The line of dump() that tells of the thread with that name.
std::string dumped_line(const std::string& name) {
    std::stringstream lines;
    dump(lines);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('"' + name)) return line;
    }
    return "";
}

/// Whether a dump names that line of this file for a thread that waits for `object` in `wait()`. `let_go()` ends it.
template <class Wait, class LetGo>
void expect_place(const void* object, int line, Wait wait, LetGo let_go) {
    Thread waiter({.name = "waiter"}, wait);
    waiter.start();
    ASSERT_TRUE(testing::wait_for_asleep(object, 1));
    EXPECT_THAT(dumped_line("waiter"), ::testing::EndsWith("hold_test.cpp:" + std::to_string(line)));
    let_go();
    waiter.join();
}

template <class Lockable>
void expect_place_of_hold(Lockable& lock) {
    auto held = hold(lock);
    const int line = __LINE__ + 1;
    const auto wait = [&] { const auto other = hold(lock); };
    expect_place(&lock, line, wait, [&] { held.unlock(); });
}

TEST(Hold, ShowsWhereALockIsWaitedFor) {
    Lock lock;
    expect_place_of_hold(lock);
    RLock rlock;
    expect_place_of_hold(rlock);
    SharedLock shared;
    expect_place_of_hold(shared);
    Semaphore semaphore(1);
    expect_place_of_hold(semaphore);
    BoundedSemaphore bounded(1);
    expect_place_of_hold(bounded);
    InterpreterLock interpreter;
    expect_place_of_hold(interpreter);
}

TEST(Hold, ShowsWhereAConditionsLockIsWaitedFor) {
    Lock lock;
    Condition condition(lock);
    auto held = hold(condition);
    const int line = __LINE__ + 1;
    const auto wait = [&] { const auto other = hold(condition); };
    expect_place(&lock, line, wait, [&] { held.unlock(); });
}

TEST(Hold, ShowsWhereALockIsWaitedForToRead) {
    SharedLock lock;
    auto held = hold(lock);
    const int line = __LINE__ + 1;
    const auto wait = [&] { const auto other = hold_shared(lock); };
    expect_place(&lock, line, wait, [&] { held.unlock(); });
}

TEST(Hold, ShowsWhereALockIsTakenAgain) {
    Lock lock;
    const int line = __LINE__ + 5;
    const auto wait = [&] {
        auto other = hold(lock);
        other.unlock();
        lock.lock();  // by nobody's guard: keeps the next line waiting
        other.lock();
    };
    expect_place(&lock, line, wait, [&] { lock.unlock(); });
    EXPECT_FALSE(lock.locked());
}

TEST(Hold, ReleasesAtTheEndOfTheScope) {
    Lock lock;
    {
        const auto held = hold(lock);
        EXPECT_TRUE(held.owns_lock());
        EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
    try {
        const auto held = hold(lock);
        EXPECT_TRUE(held.owns_lock());
        throw 1;
    } catch (int) {
        EXPECT_FALSE(lock.locked());
    }
}

TEST(Hold, ReleasesEarlyOnce) {
    Lock lock;
    {
        auto held = hold(lock);
        held.unlock();
        EXPECT_FALSE(held.owns_lock());
        EXPECT_FALSE(lock.locked());
        lock.lock();  // another user's by now
    }
    EXPECT_TRUE(lock.locked());
    lock.unlock();
}

TEST(Hold, UnlockWithoutTheLockIsRefused) {
    Lock lock;
    auto held = hold(lock);
    held.unlock();
    EXPECT_THROW(held.unlock(), RuntimeError);
}

TEST(Hold, IsMoved) {
    Lock lock;
    const auto make = [&] { return hold(lock); };
    {
        auto first = make();
        const auto second = std::move(first);
        EXPECT_FALSE(first.owns_lock());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
        EXPECT_TRUE(second.owns_lock());
        EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
    static_assert(!std::is_copy_constructible_v<decltype(make())>);
    static_assert(std::is_nothrow_move_constructible_v<decltype(make())>);
}

TEST(Hold, TakesOnePermit) {
    Semaphore semaphore(2);
    {
        const auto one = hold(semaphore);
        const auto two = hold(semaphore);
        EXPECT_FALSE(semaphore.try_acquire());
    }
    EXPECT_TRUE(semaphore.acquire(false));
    EXPECT_TRUE(semaphore.acquire(false));
    EXPECT_FALSE(semaphore.acquire(false));
}

TEST(Hold, TakesToReadBesideOthers) {
    SharedLock lock;
    const auto one = hold_shared(lock);
    const auto two = hold_shared(lock);
    EXPECT_FALSE(lock.try_lock());
}

TEST(Hold, LetsAConditionWait) {
    Condition changed;
    bool ready = false;
    Thread waiter([&] {
        const auto held = hold(changed);
        changed.wait_for([&] { return ready; });
        EXPECT_TRUE(held.owns_lock());
    });
    waiter.start();
    {
        const auto held = hold(changed);
        ready = true;
        changed.notify();
    }
    waiter.join();
}

TEST(Hold, IsALockForTheStandard) {
    Lock lock;
    std::condition_variable_any changed;
    bool ready = false;
    Thread waiter([&] {
        auto held = hold(lock);
        while (!ready) changed.wait(held);
    });
    waiter.start();
    {
        const auto held = hold(lock);
        ready = true;
        changed.notify_all();
    }
    waiter.join();
}

TEST(Hold, TakesTheStandardsMutexes) {
    std::mutex mutex;
    {
        const auto held = hold(mutex);
        Thread([&] { EXPECT_FALSE(mutex.try_lock()); }).start();
    }
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
    std::shared_mutex shared;
    const auto held = hold_shared(shared);
    EXPECT_TRUE(shared.try_lock_shared());
    shared.unlock_shared();
}

TEST(Hold, AnInterruptedWaitHoldsNothing) {
    Lock lock;
    const auto held = hold(lock);
    bool interrupted = false;
    Thread waiter([&] {
        try {
            const auto other = hold(lock);
        } catch (const InterruptedError&) {
            interrupted = true;
        }
    });
    waiter.start();
    EXPECT_TRUE(testing::wait_for_asleep(&lock, 1));
    interrupt(waiter);
    waiter.join();
    EXPECT_TRUE(interrupted && lock.locked());
}

}  // namespace
}  // namespace threadwise
