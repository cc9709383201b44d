// A lock that is biased to a thread excludes as any other, whoever comes and however the bias goes.

#include "threadwise/detail/queue/queue_lock.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/asymmetric_fence.hpp"
#include "platform/cpu.hpp"
#include "support/backend.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"

namespace threadwise {
namespace {

using detail::QueueLock;

/// Uses the lock until it is biased to the calling thread.
void win(QueueLock& lock) {
    for (std::uint32_t i = 0; i <= QueueLock::least_worth; ++i) const std::lock_guard hold(lock);
}

TEST(QueueLock, IsBiasedToWhoHasBeenAlone) {
    if (!platform::enable_unseen_heavy_fence()) GTEST_SKIP() << "the system has no heavy fence";
    QueueLock lock;
    lock.lock();
    lock.unlock();
    EXPECT_FALSE(lock.is_biased());
    win(lock);
    EXPECT_TRUE(lock.is_biased());
    std::jthread([&] {
        EXPECT_FALSE(lock.is_biased());
        const std::lock_guard hold(lock);
    }).join();
    EXPECT_FALSE(lock.is_biased());
    win(lock);
    win(lock);
    EXPECT_TRUE(lock.is_biased()) << "that it was taken away before it had paid made it dearer";
}

TEST(QueueLock, OutlivesTheThreadItWasBiasedTo) {
    QueueLock lock;
    int inside = 0;
    for (int i = 0; i < 5; ++i) {
        std::jthread([&] {
            win(lock);
            const std::lock_guard hold(lock);
            ++inside;
        }).join();
    }
    const std::lock_guard hold(lock);
    EXPECT_EQ(inside, 5);
}

TEST(QueueLock, MakesOthersSleepWhileItsThreadIsInside) {
    QueueLock lock;
    win(lock);
    lock.lock();
    std::atomic<int> entered{0};
    const auto enter = [&] {
        const std::lock_guard hold(lock);
        ++entered;
    };
    std::vector<std::jthread> others;
    others.reserve(3);
    while (others.size() < 3) others.emplace_back(enter);
    EXPECT_TRUE(testing::wait_for_asleep(&lock, others.size()));
    EXPECT_EQ(entered, 0);
    lock.unlock();
    others.clear();
    EXPECT_EQ(entered, 3);
}

TEST(QueueLock, CanBeTakenInsideAnother) {
    QueueLock outer;
    QueueLock inner;
    win(outer);
    win(inner);
    for (int i = 0; i < 3; ++i) {
        const std::lock_guard hold_outer(outer);
        const std::lock_guard hold_inner(inner);
        std::jthread([&] { EXPECT_EQ(testing::waiters(&outer), 0U); }).join();
    }
    std::jthread([&] {
        const std::lock_guard hold_inner(inner);
        const std::lock_guard hold_outer(outer);
    }).join();
}

TEST(QueueLock, WorksInAForkedChild) {
    THREADWISE_NEEDS("hooks on fork");
    QueueLock lock;
    std::atomic<bool> won{false};
    std::atomic<bool> over{false};
    std::jthread other([&] {
        win(lock);
        won = true;
        won.notify_all();
        over.wait(false);
    });
    won.wait(false);
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; ++i) win(lock);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    over = true;
    over.notify_all();
}

/// What a lock guards.
struct Guarded {
    QueueLock lock;
    int inside = 0;
    std::uint64_t passed = 0;
    std::atomic<bool> won{false};

    void pass() {
        const std::lock_guard hold(lock);
        EXPECT_EQ(++inside, 1);
        ++passed;
        for (int i = 0; i < 10; ++i) platform::pause();
        --inside;
    }
};

// One thread has the bias, and uses the lock on and on while the others come.
TEST(QueueLockStress, ExcludesWhileTheBiasIsTakenAway) {
    constexpr std::size_t threads = 3;
    constexpr std::uint64_t uses = 300;
    std::vector<Guarded> guarded(static_cast<std::size_t>(testing::rounds(3'000)));
    testing::run_together(threads, [&](std::size_t me) {
        for (std::size_t i = 0; i < guarded.size(); ++i) {
            Guarded& one = guarded[i];
            if (i % threads == me) {
                win(one.lock);
                one.won = true;
            }
            while (!one.won) std::this_thread::yield();
            for (std::uint64_t use = 0; use < uses; ++use) one.pass();
        }
    });
    for (const Guarded& one : guarded) ASSERT_EQ(one.passed, threads * uses);
}

// Each thread comes for bursts that are long enough for the bias, or not.
TEST(QueueLockStress, ExcludesWhileTheBiasComesAndGoes) {
    constexpr std::size_t threads = 3;
    const int bursts = testing::rounds(300);
    Guarded guarded;
    std::atomic<std::uint64_t> expected{0};
    testing::run_together(threads, [&](std::size_t me) {
        testing::Dice dice(me);
        for (int burst = 0; burst < bursts; ++burst) {
            const std::uint32_t uses = 1 + dice(4 * QueueLock::least_worth);
            for (std::uint32_t i = 0; i < uses; ++i) guarded.pass();
            expected += uses;
            if (dice(2) == 0) std::this_thread::yield();
        }
    });
    EXPECT_EQ(guarded.passed, expected);
}

}  // namespace
}  // namespace threadwise
