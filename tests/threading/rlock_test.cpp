#include "threadwise/rlock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <stop_token>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::elsewhere;
using testing::wait_for_asleep;

static_assert(sizeof(RLock) <= 16);

TEST(RLock, MayBeTakenAgainByItsOwner) {
    RLock lock;
    EXPECT_EQ(lock.recursion_count(), 0U);
    EXPECT_TRUE(lock.acquire());
    EXPECT_TRUE(lock.acquire(false));
    EXPECT_TRUE(lock.acquire(true, 0s));
    EXPECT_TRUE(lock.acquire(std::stop_token()));
    EXPECT_TRUE(lock.try_lock());
    EXPECT_TRUE(lock.try_lock_for(-1s));
    lock.lock();
    EXPECT_EQ(lock.recursion_count(), 7U);
    EXPECT_EQ(lock.owner_count(), 7U);
    for (int i = 0; i < 6; ++i) lock.release();
    EXPECT_TRUE(lock.locked());
    EXPECT_TRUE(lock.is_owned());
    elsewhere([&] { EXPECT_FALSE(lock.acquire(false)); });
    lock.release();
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(lock.owner_count(), 0U);
    EXPECT_FALSE(lock.is_owned());
    elsewhere([&] {
        EXPECT_TRUE(lock.acquire(false));
        lock.release();
    });
}

TEST(RLock, BelongsToItsOwner) {
    RLock lock;
    EXPECT_THROW(lock.release(), RuntimeError);
    lock.lock();
    elsewhere([&] {
        EXPECT_THROW(lock.release(), RuntimeError);
        EXPECT_FALSE(lock.is_owned());
        EXPECT_EQ(lock.recursion_count(), 0U);
        EXPECT_EQ(lock.owner_count(), 1U);
        EXPECT_TRUE(lock.locked());
        EXPECT_FALSE(lock.try_lock());
        EXPECT_FALSE(lock.acquire(true, 1ms));
        EXPECT_FALSE(lock.try_lock_for(1ms));
        EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now() + 1ms));
    });
    lock.release();
    EXPECT_THROW(lock.release(), RuntimeError);
}

TEST(RLock, RefusesTimeoutsThatMakeNoSense) {
    RLock lock;
    EXPECT_THROW(lock.acquire(false, 1s), ValueError);
    EXPECT_THROW(lock.acquire(true, -1s), ValueError);
    lock.lock();
    EXPECT_THROW(lock.acquire(false, 1s), ValueError);
    EXPECT_THROW(lock.acquire(true, -1s), ValueError);
    EXPECT_EQ(lock.recursion_count(), 1U);
    lock.unlock();
}

TEST(RLock, EndsAWaitWhenAskedAndShowsWhoHoldsIt) {
    RLock lock;
    lock.lock();
    testing::SharedRecord record;
    std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(lock.acquire(stop)); });
    std::jthread interrupted([&] {
        record.share();
        EXPECT_THROW(lock.lock(), InterruptedError);
        EXPECT_FALSE(lock.is_owned());
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 2));
    const runtime::WaitSite site = record.get().site.read();
    EXPECT_EQ(site.kind, runtime::WaitKind::rlock);
    ASSERT_NE(site.owner_word, nullptr);
    EXPECT_EQ(site.owner_word->load() & runtime::owner_mask, runtime::this_record().ident);
    stopped.request_stop();
    runtime::interrupt(record.get());
    stopped.join();
    interrupted.join();
    lock.unlock();
}

TEST(RLock, StressExcludesWhileTakenAgain) {
    RLock lock;
    long count = 0;
    const int turns = testing::rounds(20'000);
    testing::run_together(4, [&](std::size_t i) {
        testing::Dice dice(i);
        for (int turn = 0; turn < turns; ++turn) {
            const std::scoped_lock hold(lock);
            const std::uint32_t depth = dice(3);
            for (std::uint32_t n = 0; n < depth; ++n) lock.lock();
            ++count;
            ASSERT_EQ(lock.recursion_count(), depth + 1);
            for (std::uint32_t n = 0; n < depth; ++n) lock.unlock();
        }
    });
    EXPECT_EQ(count, 4L * turns);
    EXPECT_FALSE(lock.locked());
}

}  // namespace
}  // namespace threadwise
