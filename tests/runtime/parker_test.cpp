#include "runtime/records/parker.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/threads.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;
using State = Parker::State;

TEST(Parker, KeepsANotificationThatComesBeforeTheSleep) {
    Parker parker;
    parker.reset();
    parker.notify();
    EXPECT_EQ(parker.look(), State::notified);
    EXPECT_EQ(parker.sleep(platform::never), State::notified);
}

TEST(Parker, ForgetsTheLastWaitWhenReset) {
    Parker parker;
    parker.notify();
    parker.kick();
    parker.reset();
    EXPECT_EQ(parker.look(), State::waiting);
}

TEST(Parker, ConsumesAKickOnce) {
    Parker parker;
    parker.kick();
    EXPECT_EQ(parker.look(), State::kicked);
    EXPECT_EQ(parker.look(), State::waiting);
    parker.kick();
    EXPECT_EQ(parker.sleep(platform::never), State::kicked);
}

TEST(Parker, PrefersANotificationToAKick) {
    Parker parker;
    parker.kick();
    parker.notify();
    EXPECT_EQ(parker.look(), State::notified);
    EXPECT_EQ(parker.sleep(platform::never), State::notified);
}

TEST(Parker, SleepsUntilItsDeadlineAndNotLess) {
    Parker parker;
    const platform::Instant deadline = platform::now() + 5ms;
    State state = State::waiting;
    while (state == State::waiting) state = parker.sleep(deadline);
    EXPECT_EQ(state, State::timed_out);
    EXPECT_GE(platform::now(), deadline);
}

TEST(Parker, TimesOutAtOnceWhenTheDeadlineHasPassed) {
    Parker parker;
    EXPECT_EQ(parker.sleep(platform::now() - 1h), State::timed_out);
    EXPECT_EQ(parker.sleep(platform::Instant::min()), State::timed_out);
    EXPECT_EQ(parker.sleep(platform::Instant{} - 1ns), State::timed_out);
}

TEST(Parker, PrefersANotificationToADeadlineThatHasPassed) {
    Parker parker;
    parker.notify();
    EXPECT_EQ(parker.sleep(platform::now() - 1s), State::notified);
}

TEST(Parker, IsKickedByASignalHandlerThatRan) {
    struct sigaction old {};
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, &old);
    Parker parker;
    std::atomic<bool> kicked{false};
    std::thread sleeper([&] {
        // The portable backend cannot see signals: there the notification below ends the sleep.
        State state = State::waiting;
        while (state == State::waiting) state = parker.sleep(platform::never);
        EXPECT_TRUE(state == State::kicked || state == State::notified);
        kicked = true;
    });
    // A signal that comes before the thread sleeps makes nothing return: send it until one hits.
    const auto give_up = platform::now() + 2s;
    while (!kicked && platform::now() < give_up) {
        pthread_kill(sleeper.native_handle(), SIGUSR1);
        std::this_thread::sleep_for(1ms);
    }
    if (!kicked) parker.notify();
    sleeper.join();
    sigaction(SIGUSR1, &old, nullptr);
}

TEST(Parker, StressLosesNoNotificationAmongKicks) {
    Parker parker;
    std::atomic<int> turn{0};
    std::atomic<bool> done{false};
    const int turns = testing::rounds(20'000);
    std::jthread kicker([&] {
        while (!done) parker.kick();
    });
    std::jthread notifier([&] {
        for (int i = 0; i < turns; ++i) {
            while (turn.load() != 2 * i + 1) std::this_thread::yield();
            turn.store(2 * i + 2);
            parker.notify();
        }
    });
    for (int i = 0; i < turns; ++i) {
        parker.reset();
        turn.store(2 * i + 1);
        const platform::Instant deadline = i % 2 == 0 ? platform::never : platform::now() + 20us;
        while (parker.sleep(i % 3 == 0 ? deadline : platform::never) != State::notified) {}
        ASSERT_EQ(turn.load(), 2 * i + 2);
    }
    done = true;
}

}  // namespace
}  // namespace threadwise::runtime
