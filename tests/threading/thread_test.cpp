#include "threadwise/thread.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "platform/symbol.hpp"
#include "support/backend.hpp"

namespace threadwise {

void print_numbers(int last) { EXPECT_EQ(last, 3); }

namespace {

using namespace std::chrono_literals;

/// A thread's way to wait for the test, without anything of threadwise.
class Gate {
public:
    void open() {
        open_ = true;
        open_.notify_all();
    }
    void pass() const { open_.wait(false); }

private:
    std::atomic<bool> open_{false};
};

template <class Error, class Action>
std::string message_of(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "did not throw";
}

template <class Predicate>
void wait_until(Predicate&& predicate) {
    while (!predicate()) std::this_thread::yield();
}

TEST(Thread, RunsItsTargetOnce) {
    std::atomic<int> runs{0};
    Thread thread([&] { ++runs; });
    EXPECT_EQ(runs, 0);
    thread.start();
    EXPECT_TRUE(thread.join());
    EXPECT_EQ(runs, 1);
    EXPECT_TRUE(thread.join()) << "any number of times";
}

TEST(Thread, MovesArgumentsThatCannotBeCopied) {
    int seen = 0;
    Thread thread([](std::unique_ptr<int> given, int& out) { out = *given; }, std::make_unique<int>(7), std::ref(seen));
    thread.start();
    thread.join();
    EXPECT_EQ(seen, 7);
}

TEST(Thread, CallsAMemberFunction) {
    struct Counter {
        void add(int amount) { sum += amount; }
        int sum = 0;
    } counter;
    Thread thread(&Counter::add, &counter, 5);
    thread.start();
    thread.join();
    EXPECT_EQ(counter.sum, 5);
}

TEST(Thread, DestroysItsArgumentsBeforeItEnds) {
    auto shared = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = shared;
    Thread thread([](const std::shared_ptr<int>&) {}, std::move(shared));
    thread.start();
    thread.join();
    EXPECT_TRUE(watch.expired());
}

TEST(Thread, GivesAStopTokenToATargetThatTakesOne) {
    Thread thread([](std::stop_token stop, int) { wait_until([&] { return stop.stop_requested(); }); }, 1);
    thread.start();
    EXPECT_FALSE(thread.join(0s));
    EXPECT_TRUE(thread.request_stop());
    EXPECT_TRUE(thread.join());
    EXPECT_FALSE(thread.request_stop());
    EXPECT_TRUE(thread.get_stop_token().stop_requested());
}

TEST(Thread, RequestsStopAndJoinsWhenDestroyed) {
    std::atomic<bool> ended{false};
    {
        Thread thread([&](const std::stop_token& stop) {
            wait_until([&] { return stop.stop_requested(); });
            ended = true;
        });
        thread.start();
    }
    EXPECT_TRUE(ended);
}

TEST(Thread, IsLeftAloneWhenItWasNeverStarted) {
    Thread thread([] { ADD_FAILURE(); });
    EXPECT_FALSE(thread.is_alive());
}

TEST(Thread, LeavesADaemonAloneWhenDestroyed) {
    auto gate = std::make_shared<Gate>();
    std::optional<ThreadHandle> handle;
    {
        Thread thread({.daemon = true}, [gate] { gate->pass(); });
        thread.start();
        handle = thread;
    }
    EXPECT_TRUE(handle->is_alive());
    gate->open();
    EXPECT_TRUE(handle->join());
    EXPECT_FALSE(handle->is_alive());
}

TEST(Thread, MayBeDestroyedByItsOwnThread) {
    auto gate = std::make_shared<Gate>();
    auto thread = std::make_shared<std::unique_ptr<Thread>>();
    *thread = std::make_unique<Thread>([gate, thread] {
        gate->pass();
        thread->reset();
    });
    const ThreadHandle handle = **thread;
    (*thread)->start();
    gate->open();
    EXPECT_TRUE(handle.join());
    EXPECT_EQ(*thread, nullptr);
}

TEST(Thread, MayMoveWhileItRuns) {
    Gate gate;
    Thread first([&] { gate.pass(); });
    first.start();
    Thread second(std::move(first));
    EXPECT_TRUE(second.is_alive());
    EXPECT_EQ(message_of<RuntimeError>([&] { first.join(); }),  // NOLINT(bugprone-use-after-move): what is tested
              "this Thread was moved from: it stands for no thread any more");
    gate.open();
    EXPECT_TRUE(second.join());
    static_assert(std::is_nothrow_move_constructible_v<Thread> && std::is_nothrow_move_assignable_v<Thread>);
    static_assert(!std::is_copy_constructible_v<Thread> && !std::is_copy_assignable_v<Thread>);
}

TEST(Thread, JoinsWhatAnAssignmentReplaces) {
    std::atomic<bool> ended{false};
    Thread thread([&](const std::stop_token& stop) {
        wait_until([&] { return stop.stop_requested(); });
        ended = true;
    });
    thread.start();
    thread = Thread([] {});
    EXPECT_TRUE(ended);
    EXPECT_FALSE(thread.is_alive());
}

TEST(Thread, RefusesWhatPythonRefuses) {
    Gate gate;
    Thread thread([&] { gate.pass(); });
    EXPECT_EQ(message_of<RuntimeError>([&] { thread.join(); }), "cannot join thread before it is started");
    thread.start();
    EXPECT_EQ(message_of<RuntimeError>([&] { thread.start(); }), "threads can only be started once");
    EXPECT_EQ(message_of<RuntimeError>([&] { thread.set_daemon(true); }), "cannot set daemon status of active thread");
    gate.open();
    thread.join();
    EXPECT_EQ(message_of<RuntimeError>([&] { thread.start(); }), "threads can only be started once");
    EXPECT_EQ(message_of<RuntimeError>([] { current_thread().join(); }), "cannot join current thread");

    std::string joining_itself;
    Thread self([&] { joining_itself = message_of<RuntimeError>([] { current_thread().join(); }); });
    self.start();
    self.join();
    EXPECT_EQ(joining_itself, "cannot join current thread");
}

TEST(Thread, JoinGivesUpInTime) {
    Gate gate;
    Thread thread([&] { gate.pass(); });
    thread.start();
    EXPECT_FALSE(thread.join(0s));
    EXPECT_FALSE(thread.join(-1s));
    EXPECT_FALSE(thread.join(5ms));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(thread.join(stop.get_token()));
    EXPECT_TRUE(thread.is_alive());
    gate.open();
    EXPECT_TRUE(thread.join(stop.get_token()) || thread.join());
}

TEST(Thread, IsJoinedByManyAtOnce) {
    Gate gate;
    Thread joined([&] { gate.pass(); });
    joined.start();
    std::atomic<int> seen{0};
    std::vector<Thread> joiners;
    for (int i = 0; i < 8; ++i) {
        joiners.emplace_back([&] {
            joined.join();
            ++seen;
        });
        joiners.back().start();
    }
    gate.open();
    for (Thread& joiner : joiners) joiner.join();
    EXPECT_EQ(seen, 8);
}

TEST(Thread, IsOverWhenItsThreadLocalsAreGone) {
    static std::atomic<bool> destroyed;
    destroyed = false;
    struct Slow {
        ~Slow() {
            std::this_thread::sleep_for(2ms);  // a join that came too early would be seen
            destroyed = true;
        }
    };
    Thread thread([] {
        static thread_local Slow slow;
        (void)slow;
    });
    thread.start();
    thread.join();
    EXPECT_TRUE(destroyed);
}

TEST(Thread, IsOverWhenItsThreadSpecificDataIsGone) {
    THREADWISE_NEEDS("end of a thread later than that of its thread_local objects");
    pthread_key_t key{};
    ASSERT_EQ(pthread_key_create(&key,
                                 [](void* gone) {
                                     std::this_thread::sleep_for(2ms);  // a join that came too early would be seen
                                     *static_cast<std::atomic<bool>*>(gone) = true;
                                 }),
              0);
    static std::atomic<bool> gone;
    gone = false;
    Thread thread([&] { pthread_setspecific(key, &gone); });
    thread.start();
    thread.join();
    EXPECT_TRUE(gone);
    pthread_key_delete(key);
}

TEST(Thread, HasIdsFromStartOn) {
    Gate gate;
    std::atomic<std::uint64_t> native{0};
    std::atomic<std::uint32_t> ident{0};
    Thread thread([&] {
        native = get_native_id();
        ident = get_ident();
        gate.pass();
    });
    EXPECT_EQ(thread.ident(), 0U);
    EXPECT_EQ(thread.native_id(), 0U);
    thread.start();
    EXPECT_NE(thread.ident(), 0U);
    EXPECT_NE(thread.native_id(), 0U);
    gate.open();
    thread.join();
    EXPECT_EQ(thread.ident(), ident);
    EXPECT_EQ(thread.native_id(), native);
    EXPECT_NE(thread.ident(), get_ident());
    EXPECT_NE(thread.native_id(), get_native_id());
}

TEST(Thread, IsNamedAfterANumberAndItsFunction) {
    const Thread unnamed([] {});
    EXPECT_THAT(unnamed.name(), ::testing::MatchesRegex("Thread-[0-9]+"));
    Thread named(print_numbers, 3);
    // Where the program's symbols can be read; see platform/symbol_test.cpp.
    if (!platform::function_name(reinterpret_cast<const void*>(print_numbers)).empty()) {
        EXPECT_THAT(named.name(), ::testing::MatchesRegex("Thread-[0-9]+ \\(print_numbers\\)"));
    }
    EXPECT_NE(Thread([] {}).name(), Thread([] {}).name());
    named.set_name("numbers");
    EXPECT_EQ(named.name(), "numbers");
    EXPECT_EQ(Thread({.name = "given"}, print_numbers, 3).name(), "given");
}

TEST(Thread, InheritsTheDaemonFlag) {
    EXPECT_FALSE(Thread([] {}).daemon());
    EXPECT_TRUE(Thread({.daemon = true}, [] {}).daemon());
    bool inherited = false;
    bool overridden = true;
    Thread daemon({.daemon = true}, [&] {
        inherited = Thread([] {}).daemon();
        overridden = Thread({.daemon = false}, [] {}).daemon();
    });
    daemon.start();
    daemon.join();
    EXPECT_TRUE(inherited);
    EXPECT_FALSE(overridden);
    Thread late([] {});
    late.set_daemon(true);
    EXPECT_TRUE(late.daemon());
}

class Adder : public Thread {
public:
    Adder(int a, int b) : a_(a), b_(b) {}
    Adder(const Adder&) = delete;
    Adder& operator=(const Adder&) = delete;
    ~Adder() override {
        if (is_alive()) join();
    }
    int sum = 0;

protected:
    void run() override { sum = a_ + b_; }

private:
    int a_;
    int b_;
};

TEST(Thread, RunsWhatASubclassSays) {
    Adder adder(2, 3);
    adder.start();
    adder.join();
    EXPECT_EQ(adder.sum, 5);
    const Adder never_started(1, 1);
}

class RunsItsTargetTwice : public Thread {
public:
    using Thread::Thread;
    ~RunsItsTargetTwice() override { join(); }

protected:
    void run() override {
        Thread::run();
        Thread::run();
    }
};

TEST(Thread, LetsASubclassRunTheTarget) {
    int runs = 0;
    RunsItsTargetTwice thread([&] { ++runs; });
    thread.start();
    thread.join();
    EXPECT_EQ(runs, 2);
}

class ForgetsToJoin : public Thread {
public:
    explicit ForgetsToJoin(Gate& gate) : gate_(gate) {}

protected:
    void run() override { gate_.pass(); }

private:
    Gate& gate_;
};

TEST(ThreadDeathTest, SaysWhenASubclassForgotToJoin) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto misuse = [] {
        Gate gate;
        ForgetsToJoin thread(gate);
        thread.start();
    };
    EXPECT_DEATH(misuse(), "was destroyed while its run\\(\\) was at work; .* must call join\\(\\)");
}

TEST(CurrentThread, IsTheThreadItself) {
    std::optional<ThreadHandle> seen;
    Thread thread([&] { seen = current_thread(); });
    thread.start();
    thread.join();
    EXPECT_EQ(*seen, thread);
    EXPECT_NE(current_thread(), thread);
    EXPECT_EQ(current_thread(), current_thread());
    EXPECT_EQ(std::unordered_set<ThreadHandle>({*seen, thread, current_thread()}).size(), 2U);
}

TEST(MainThread, IsTheOneTheProcessBeganWith) {
    EXPECT_EQ(main_thread(), current_thread());
    EXPECT_EQ(main_thread().name(), "MainThread");
    EXPECT_FALSE(main_thread().daemon());
    EXPECT_TRUE(main_thread().is_alive());
    EXPECT_EQ(main_thread().native_id(), get_native_id());
    std::optional<ThreadHandle> seen;
    Thread thread([&] {
        seen = main_thread();
        EXPECT_FALSE(is_main_thread());
    });
    thread.start();
    thread.join();
    EXPECT_EQ(*seen, current_thread());
    EXPECT_TRUE(is_main_thread());
}

TEST(ForeignThread, IsADummyWhileItLives) {
    std::optional<ThreadHandle> handle;
    std::thread([&] {
        handle = current_thread();
        EXPECT_THAT(handle->name(), ::testing::StartsWith("Dummy-"));
        EXPECT_TRUE(handle->daemon());
        EXPECT_TRUE(handle->is_alive());
        EXPECT_EQ(handle->ident(), get_ident());
        EXPECT_TRUE(std::ranges::count(enumerate(), *handle));
    }).join();
    EXPECT_FALSE(handle->is_alive());
    EXPECT_TRUE(handle->join());
    EXPECT_FALSE(std::ranges::count(enumerate(), *handle));
}

TEST(Enumerate, ListsWhoIsAlive) {
    const std::size_t before = active_count();
    EXPECT_TRUE(std::ranges::count(enumerate(), main_thread()));
    Gate gate;
    std::vector<Thread> threads;
    for (int i = 0; i < 5; ++i) {
        threads.emplace_back([&] { gate.pass(); });
        EXPECT_FALSE(std::ranges::count(enumerate(), threads.back()));
        threads.back().start();
        EXPECT_TRUE(std::ranges::count(enumerate(), threads.back()));
    }
    EXPECT_EQ(active_count(), before + 5);
    gate.open();
    for (Thread& thread : threads) thread.join();
    EXPECT_EQ(active_count(), before);
}

TEST(ThreadStress, ManyStartJoinAndLookAround) {
    constexpr int starters = 8;
    constexpr int rounds = 50;
    std::atomic<int> runs{0};
    std::atomic<bool> done{false};
    Thread watcher([&] {
        while (!done) {
            for (const ThreadHandle& thread : enumerate()) {
                (void)thread.name();
                (void)thread.is_alive();
            }
        }
    });
    watcher.start();
    {
        std::vector<Thread> threads;
        for (int i = 0; i < starters; ++i) {
            threads.emplace_back([&] {
                for (int round = 0; round < rounds; ++round) {
                    Thread child([&] { ++runs; });
                    child.start();
                    if (round % 2 == 0) child.join();
                }
            });
            threads.back().start();
        }
        for (Thread& thread : threads) thread.join();
    }
    done = true;
    watcher.join();
    EXPECT_EQ(runs, starters * rounds);
}

}  // namespace
}  // namespace threadwise
