#include "threadwise/interrupt.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "runtime/records/registry.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/event.hpp"
#include "threadwise/lock.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

/// Waits until the thread is asleep, or about to be, for something of that kind.
void await_wait(const ThreadHandle& thread, runtime::WaitKind kind) {
    const auto record = runtime::registry::find(thread.ident());
    while (record->site.read().kind != kind) std::this_thread::yield();
}

TEST(Interrupt, EndsAWait) {
    Event never_set;
    Thread waiter([&] { EXPECT_THROW(never_set.wait(), InterruptedError); });
    waiter.start();
    await_wait(waiter, runtime::WaitKind::event);
    interrupt(waiter);
    waiter.join();
}

TEST(Interrupt, EndsTheNextWaitOfWhoDoesNotWait) {
    Event never_set;
    interrupt(current_thread());
    EXPECT_THROW(never_set.wait(), InterruptedError);
    EXPECT_FALSE(never_set.wait(1ms)) << "taken back by the first";
}

TEST(Interrupt, LeavesAloneWhatNeedNotWait) {
    Event event;
    event.set();
    Lock lock;
    interrupt(current_thread());
    EXPECT_TRUE(event.wait());
    EXPECT_TRUE(lock.acquire());
    EXPECT_THROW(lock.acquire(), InterruptedError);
    lock.release();
}

TEST(Interrupt, EndsAJoin) {
    Event end;
    Thread joined([&] { end.wait(); });
    joined.start();
    Thread joiner([&] { EXPECT_THROW(joined.join(), InterruptedError); });
    joiner.start();
    await_wait(joiner, runtime::WaitKind::join);
    EXPECT_TRUE(interrupt(joiner.ident()));
    joiner.join();
    end.set();
    joined.join();
    EXPECT_FALSE(interrupt(joiner.ident())) << "it has ended";
}

TEST(Interrupt, IsKeptByAWaitThatCannotTell) {
    Event never_set;
    {
        Thread thread([](std::stop_token stop) {
            while (!stop.stop_requested()) std::this_thread::yield();
        });
        thread.start();
        interrupt(current_thread());
    }
    EXPECT_THROW(never_set.wait(), InterruptedError);
}

TEST(InterruptMain, WorksFromASignalHandler) {
    const auto old = std::signal(SIGUSR1, [](int) { interrupt_main(); });
    Event never_set;
    const ThreadHandle main = current_thread();
    Thread signaller([&] {
        await_wait(main, runtime::WaitKind::event);
        std::raise(SIGUSR1);  // handled by this thread, for the other
    });
    signaller.start();
    EXPECT_THROW(never_set.wait(), InterruptedError);
    signaller.join();
    std::signal(SIGUSR1, old);
}

TEST(InterruptStress, IsNeverLost) {
    Event never_set;
    std::atomic<int> interrupts{0};
    constexpr int rounds = 2000;
    Thread waiter([&] {
        while (interrupts < rounds) {
            EXPECT_THROW(never_set.wait(), InterruptedError);
            ++interrupts;
        }
    });
    waiter.start();
    for (int i = 0; i < rounds; ++i) {
        interrupt(waiter);
        while (interrupts <= i) std::this_thread::yield();
    }
    waiter.join();
}

}  // namespace
}  // namespace threadwise
