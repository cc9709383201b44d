// An InterpreterLock whose holder waits, or allows threads: that it is released by then, and held again after.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::is_free;
using testing::wait_for_asleep;
using testing::wait_until;

TEST(InterpreterLockWaits, IsReleasedWhileItsHolderWaits) {
    InterpreterLock lock;
    Event event;
    const ScopedInterpreter hold(lock);
    Thread other([&] {
        const ScopedInterpreter inner(lock);
        event.set();
    });
    other.start();
    event.wait();
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
    other.join();
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
}

TEST(InterpreterLockWaits, IsReleasedInEveryKindOfWait) {
    InterpreterLock lock;
    Lock outer;
    Queue<int> requests;
    Queue<int> replies;
    outer.lock();
    Thread server([&] {
        const ScopedInterpreter hold(lock);
        outer.lock();
        for (const int request : requests) replies.put(request + 1);
        outer.unlock();
    });
    server.start();
    const ScopedInterpreter hold(lock);
    outer.unlock();
    for (int i = 0; i < 100; ++i) {
        requests.put(i);
        EXPECT_EQ(replies.get(), i + 1);
        EXPECT_TRUE(lock.is_held());
    }
    requests.shutdown();
    sleep_for(1us);
    EXPECT_TRUE(lock.is_held());
    server.join();
    EXPECT_TRUE(lock.is_held());
}

TEST(InterpreterLockWaits, IsHeldAgainAfterAWaitThatFailed) {
    InterpreterLock lock;
    Event never;
    const ScopedInterpreter hold(lock);
    EXPECT_FALSE(never.wait(1us));
    EXPECT_TRUE(lock.is_held());
    interrupt(current_thread());
    EXPECT_THROW(never.wait(), InterruptedError);
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
}

class Diary : public BlockingHooks {
public:
    explicit Diary(const InterpreterLock& lock) : lock_(lock) {}
    void before_wait() noexcept override { held_before = lock_.locked(); }
    void after_wait() noexcept override { held_after = lock_.locked(); }
    bool held_before = true;
    bool held_after = true;

private:
    const InterpreterLock& lock_;
};

TEST(InterpreterLockWaits, IsReleasedBeforeAllOtherHooksAndTakenAgainAfterThem) {
    InterpreterLock lock;
    Diary diary(lock);
    const ScopedInterpreter hold(lock);
    const BlockingHooksScope scope(diary);
    sleep_for(1us);
    EXPECT_FALSE(diary.held_before);
    EXPECT_FALSE(diary.held_after);
    EXPECT_TRUE(lock.is_held());
}

TEST(InterpreterLockWaits, DoesNotStallAPoolWhoseTasksWaitForEachOther) {
    InterpreterLock lock;
    ThreadPoolExecutor pool({.max_workers = 2});
    std::vector<Future<int>> results;
    for (int i = 0; i < testing::rounds(200); ++i) {
        results.push_back(pool.submit([&, i] {
            const ScopedInterpreter hold(lock);
            Future<int> inner = pool.submit([&, i] {
                const ScopedInterpreter also(lock);
                return i;
            });
            const int result = inner.result();
            EXPECT_TRUE(lock.is_held());
            return result;
        }));
    }
    int expected = 0;
    for (auto& result : results) EXPECT_EQ(result.result(), expected++);
}

TEST(InterpreterLockWaits, LetsOthersInWhereThreadsAreAllowed) {
    InterpreterLock lock;
    const ScopedInterpreter hold(lock);
    {
        const auto allowed = lock.allow_threads();
        EXPECT_FALSE(lock.is_held());
        EXPECT_TRUE(is_free(lock));
    }
    EXPECT_TRUE(lock.is_held());
}

TEST(InterpreterLockWaits, IsTakenBackByWhoAllowedThreadsHoweverOftenInterrupted) {
    InterpreterLock lock;
    testing::SharedRecord record;
    std::atomic<bool> allowed_now{false};
    std::atomic<bool> other_has_it{false};
    std::jthread thread([&] {
        record.share();
        const ScopedInterpreter hold(lock);
        {
            const auto allowed = lock.allow_threads();
            allowed_now = true;
            EXPECT_TRUE(wait_until([&] { return other_has_it.load(); }));
        }
        EXPECT_TRUE(lock.is_held());
        EXPECT_THROW(Event().wait(), InterruptedError) << "the interrupt was kept for a wait that it may end";
    });
    EXPECT_TRUE(wait_until([&] { return allowed_now.load(); }));
    lock.lock();
    other_has_it = true;
    runtime::interrupt(record.get());
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    lock.unlock();
}

}  // namespace
}  // namespace threadwise
