// Waits where an exception would end the program, and waits that nobody would see.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

#include "runtime/records/registry.hpp"
#include "support/threads.hpp"
#include "threadwise/event.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::wait_until;

/// Whether some thread has written down such a wait.
bool waits(runtime::WaitKind kind) {
    bool found = false;
    runtime::registry::for_each([&](runtime::ThreadRecord& record) { found |= record.site.read().kind == kind; });
    return found;
}

/// Whether no thread has an interrupt that it has not noticed.
bool interrupts_are_noticed() {
    bool all = true;
    runtime::registry::for_each([&](runtime::ThreadRecord& record) { all &= !record.interrupt_requested.load(); });
    return all;
}

/// Whether an interrupt is left for the calling thread's next wait.
bool is_interrupted() {
    try {
        sleep_for(1ms);
        return false;
    } catch (const InterruptedError&) {
        return true;
    }
}

/// Calls `body` on a Thread, interrupts it once it waits in such a way, and again once it has noticed, so many `times`;
/// then lets it go on.
template <class Body>
void interrupt_while(runtime::WaitKind kind, std::atomic<bool>& go_on, Body body, int times = 1) {
    Thread thread(body);
    thread.start();
    ASSERT_TRUE(wait_until([&] { return waits(kind); }));
    for (int i = 0; i < times; ++i) {
        interrupt(thread);
        EXPECT_TRUE(wait_until(interrupts_are_noticed));
    }
    go_on = true;
    thread.join();
}

TEST(Uninterrupted, IsAPoolsDestructor) {
    std::atomic<bool> go_on{false};
    std::atomic<bool> ended{false};
    interrupt_while(runtime::WaitKind::executor, go_on, [&] {
        {
            ThreadPoolExecutor pool(1);
            pool.fire_and_forget([&] {
                while (!go_on) std::this_thread::yield();
                ended = true;
            });
        }
        EXPECT_TRUE(ended);
        EXPECT_TRUE(is_interrupted()) << "the interrupt is kept for the next wait";
        EXPECT_FALSE(is_interrupted());
    });
}

TEST(Uninterrupted, IsAGroupsDestructor) {
    std::atomic<bool> go_on{false};
    std::atomic<bool> began{false};
    ThreadPoolExecutor pool(1);
    interrupt_while(runtime::WaitKind::task_group, go_on, [&] {
        std::atomic<bool> ended{false};
        {
            TaskGroup group(pool);
            group.run([&] {
                began = true;
                while (!go_on) std::this_thread::yield();
                ended = true;
            });
            EXPECT_TRUE(wait_until([&] { return began.load(); }));
        }
        EXPECT_TRUE(ended);
        EXPECT_TRUE(is_interrupted()) << "the interrupt is kept for the next wait";
        EXPECT_FALSE(is_interrupted());
    });
}

TEST(Uninterrupted, ButAGroupsWaitThrowsOneErrorHoweverOftenItIs) {
    std::atomic<bool> go_on{false};
    std::atomic<bool> began{false};
    std::stop_source source;
    ThreadPoolExecutor pool(1);
    const auto wait = [&] {
        TaskGroup group(pool);
        group.run([&] {
            began = true;
            while (!go_on) std::this_thread::yield();
            source.request_stop();
        });
        EXPECT_TRUE(wait_until([&] { return began.load(); })) << "the first interrupt drops it otherwise";
        EXPECT_THROW(group.wait(source.get_token()), InterruptedError);
        EXPECT_FALSE(group.cancelled());
        group.wait();
        EXPECT_FALSE(is_interrupted());
    };
    interrupt_while(runtime::WaitKind::task_group, go_on, wait, 2);
}

TEST(Uninterrupted, ButAShutdownIsInterruptedAndMayBeAskedAgain) {
    std::atomic<bool> go_on{false};
    interrupt_while(runtime::WaitKind::executor, go_on, [&] {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget([&] {
            while (!go_on) std::this_thread::yield();
        });
        EXPECT_THROW(pool.shutdown(), InterruptedError);
        pool.shutdown();
        EXPECT_FALSE(is_interrupted());
    });
}

/// Keeps the only worker of a pool busy, where no other one takes its slot.
class Busy {
public:
    explicit Busy(ThreadPoolExecutor& pool) {
        pool.fire_and_forget([this] {
            while (!go_on_) std::this_thread::yield();
        });
    }
    ~Busy() { go_on_ = true; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    void end() { go_on_ = true; }

private:
    std::atomic<bool> go_on_{false};
};

TEST(CallbackOfAStop, MayWaitForThePoolThatHasTheCall) {
    ThreadPoolExecutor pool(1);
    Busy busy(pool);
    std::stop_source source;
    const auto call = pool.submit(TaskOptions{.stop = source.get_token()}, [] {});
    int got = 0;
    call.add_done_callback([&](const Future<void>&) {
        busy.end();
        // The worker comes by the cancelled call before this one.
        got = pool.submit([] { return 42; }).result();
    });
    source.request_stop();
    EXPECT_EQ(got, 42);
    EXPECT_TRUE(call.cancelled());
    pool.shutdown();
    EXPECT_EQ(pool.stats().cancelled, 1U);
}

TEST(CallbackOfAStop, MayHoldTheLastHandle) {
    ThreadPoolExecutor pool(1);
    Busy busy(pool);
    std::stop_source source;
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = held;
    auto call = std::make_unique<Future<void>>(
        pool.submit(TaskOptions{.stop = source.get_token()}, [kept = std::move(held)] {}));
    call->add_done_callback([&](const Future<void>&) {
        call.reset();
        busy.end();
        pool.submit([] {}).result();
    });
    source.request_stop();
    EXPECT_TRUE(watched.expired()) << "nobody else held the call when its callbacks had returned";
}

TEST(CallbackOfAStop, MayShutThePoolDown) {
    ThreadPoolExecutor pool(1);
    Busy busy(pool);
    std::stop_source source;
    const auto call = pool.submit(TaskOptions{.priority = 1, .stop = source.get_token()}, [] {});
    call.add_done_callback([&](const Future<void>&) {
        busy.end();
        pool.shutdown();
    });
    source.request_stop();
    EXPECT_EQ(pool.threads(), 0U);
    EXPECT_EQ(pool.stats().cancelled, 1U);
}

TEST(CallbackOfAStop, StressMeetsTheWorker) {
    for (int round = 0; round < testing::rounds(300); ++round) {
        std::atomic<int> told{0};
        int ran_or_cancelled = 0;
        {
            ThreadPoolExecutor pool(1);
            std::stop_source source;
            std::atomic<int> ran{0};
            const auto call = pool.submit(TaskOptions{.stop = source.get_token()}, [&] { ++ran; });
            call.add_done_callback([&](const Future<void>&) { ++told; });
            source.request_stop();
            pool.shutdown();
            ran_or_cancelled = ran + (call.cancelled() ? 1 : 0);
            EXPECT_EQ(pool.stats().cancelled + pool.stats().done, 1U);
        }
        EXPECT_EQ(ran_or_cancelled, 1);
        EXPECT_EQ(told, 1);
    }
}

TEST(AnyExecutorHandle, ThrowsOnceMovedFrom) {
    ThreadPoolExecutor pool(1);
    AnyExecutor executor(pool);
    const auto moved = std::make_unique<AnyExecutor>(std::move(executor));
    EXPECT_THROW(executor.submit([] {}), RuntimeError);  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_THROW(executor.shutdown(), RuntimeError);
    EXPECT_EQ(moved->submit([] { return 1; }).result(), 1);
}

}  // namespace
}  // namespace threadwise
