#include "threadwise/dump.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <sstream>
#include <string>
#include <thread>

#include "support/sleepers.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string dumped() {
    std::ostringstream out;
    dump(out);
    return out.str();
}

/// The line that tells of the thread with that name.
std::string line_of(const std::string& name) {
    std::istringstream lines(dumped());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('"' + name)) return line;
    }
    return "";
}

std::string address_of(const void* object) {
    std::ostringstream out;
    out << object;
    return out.str();
}

TEST(Dump, ShowsWhoRuns) {
    EXPECT_THAT(dumped(), StartsWith("\"MainThread\" (ident "));
    EXPECT_THAT(line_of("MainThread"), ContainsRegex("^\"MainThread\" [(]ident [0-9]+, native id " +
                                                     std::to_string(get_native_id()) + "[)] runs$"));
}

TEST(Dump, ShowsWhatAThreadWaitsForAndWhoHasIt) {
    Lock lock;
    const std::scoped_lock hold(lock);
    int line = 0;
    Thread waiter({.name = "waiter", .daemon = true}, [&](const std::stop_token& stop) {
        line = __LINE__ + 1;
        lock.acquire(stop, 1h);
    });
    waiter.start();
    ASSERT_TRUE(testing::wait_for_asleep(&lock, 1));
    const std::string text = line_of("waiter");
    EXPECT_THAT(text, HasSubstr(", native id " + std::to_string(waiter.native_id()) + ", daemon) waits for Lock " +
                                address_of(&lock) + " held by \"MainThread\" (ident "));
    EXPECT_THAT(text, ContainsRegex(" for [0-9]+[.][0-9][0-9][0-9] s, at most [0-9]+[.][0-9][0-9][0-9] s more, at "));
    EXPECT_THAT(text, ::testing::EndsWith("dump_test.cpp:" + std::to_string(line)));
    waiter.request_stop();
    waiter.join();
    EXPECT_EQ(line_of("waiter"), "");
}

TEST(Dump, SaysNothingOfADeadlineOrAHolderWhereThereIsNone) {
    Event event;
    Thread waiter({.name = "waiter"}, [&] { event.wait(); });
    waiter.start();
    ASSERT_TRUE(testing::wait_for_asleep(&event, 1));
    EXPECT_THAT(line_of("waiter"), HasSubstr(") waits for Event " + address_of(&event) + " for "));
    EXPECT_THAT(line_of("waiter"), Not(HasSubstr("at most")));
    EXPECT_THAT(line_of("waiter"), Not(HasSubstr("held")));
    event.set();
}

TEST(Dump, ShowsWhichThreadIsJoined) {
    Event event;
    Thread worker({.name = "worker"}, [&] { event.wait(); });
    worker.start();
    Thread joiner({.name = "joiner"}, [&] { worker.join(); });
    joiner.start();
    ASSERT_TRUE(testing::wait_until([] { return line_of("joiner").find(" waits for ") != std::string::npos; }));
    EXPECT_THAT(line_of("joiner"), ContainsRegex("waits for Thread.join 0x[0-9a-f]+ of \"worker\" [(]ident [0-9]+[)]"));
    event.set();
}

TEST(Dump, ShowsThatAConditionWasNotified) {
    Lock lock;
    Condition condition(lock);
    Thread waiter({.name = "waiter"}, [&] {
        const std::scoped_lock hold(condition);
        condition.wait();
    });
    waiter.start();
    ASSERT_TRUE(testing::wait_for_asleep(&condition, 1));
    EXPECT_THAT(line_of("waiter"), HasSubstr("waits for Condition " + address_of(&condition) + " for "));
    waiter.join(1ms);
    lock.acquire();
    condition.notify();
    // Either it sleeps on as a waiter for the lock, or it has been woken already and fights for it.
    EXPECT_THAT(line_of("waiter"), ContainsRegex("waits for (Condition|Lock) "));
    lock.release();
}

TEST(Dump, QuotesNames) {
    std::string text;
    Thread thread({.name = "say \"hi\""}, [&] { text = dumped(); });
    thread.start();
    thread.join();
    EXPECT_THAT(text, HasSubstr("\"say \\\"hi\\\"\" (ident "));
}

TEST(Dump, ShowsForeignThreads) {
    std::string text;
    std::jthread([&] {
        current_thread();
        text = dumped();
    }).join();
    EXPECT_THAT(text, ContainsRegex("\"Dummy-[0-9]+\" [(]ident [0-9]+, native id [0-9]+, daemon[)] runs"));
}

TEST(Dump, StressAmongThreadsThatStartEndWaitAndDestroyWhatTheyWaitFor) {
    std::atomic<bool> done{false};
    testing::run_together(5, [&](std::size_t i) {
        if (i < 2) {
            for (int round = 0; round < testing::rounds(500); ++round) {
                const std::string text = dumped();
                ASSERT_THAT(text, StartsWith("\"MainThread\""));
                ASSERT_EQ(text.back(), '\n');
            }
            done = true;
            return;
        }
        while (!done) {
            auto lock = std::make_unique<Lock>();
            auto rlock = std::make_unique<RLock>();
            Condition condition(*lock);
            bool notified = false;
            Thread thread([&] {
                const std::scoped_lock hold(*rlock, *lock);
                notified = true;
                condition.notify();
            });
            {
                const std::scoped_lock hold(*lock);
                thread.start();
                if (rlock->try_lock_for(50us)) rlock->unlock();
                condition.wait_for([&] { return notified; });
            }
            thread.join();
        }
    });
}

}  // namespace
}  // namespace threadwise
