// What leaves user code and is no C++ exception: exceptions of other languages, and the unwinding of a thread that
// ends.

#include "threadwise/detail/runtime/failure.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unwind.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "support/backend.hpp"
#include "support/threads.hpp"
#include "threadwise/event.hpp"
#include "threadwise/excepthook.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/once.hpp"
#include "threadwise/thread.hpp"
#include "threadwise/timer.hpp"

namespace threadwise {
namespace {

using testing::wait_until;

std::atomic<int> foreign_exceptions{0};

/// Throws what another language would throw.
[[noreturn]] void throw_foreign() {
    auto* const exception = new _Unwind_Exception{};
    constexpr std::uint64_t language = 0x5457544553543031;  // "TWTEST01"
    exception->exception_class = language;
    exception->exception_cleanup = [](_Unwind_Reason_Code, _Unwind_Exception* gone) {
        --foreign_exceptions;
        delete gone;
    };
    ++foreign_exceptions;
    _Unwind_RaiseException(exception);
    std::abort();
}

[[noreturn]] void exit_thread() { pthread_exit(nullptr); }

/// What another thread's pthread_cancel() does once this one comes to it.
[[noreturn]] void be_cancelled() {
    pthread_cancel(pthread_self());
#if defined(__SANITIZE_ADDRESS__)
    __asan_handle_no_return();  // as the compiler does before pthread_exit(): the frames above will go
#endif
    for (;;) pthread_testcancel();
}

class Failure : public ::testing::Test {
protected:
    ~Failure() override { EXPECT_EQ(foreign_exceptions, 0) << "each is deleted once"; }
};

TEST_F(Failure, OfACallThatThrowsSomethingForeignHasAName) {
    ThreadPoolExecutor pool(1);
    const auto number = pool.submit([]() -> int { throw_foreign(); });
    const auto text = pool.submit([]() -> std::string { throw_foreign(); });
    const auto nothing = pool.submit([] { throw_foreign(); });
    const auto limited = pool.submit(TaskOptions{.priority = 1}, []() -> std::string { throw_foreign(); });
    EXPECT_THROW(number.result(), ForeignExceptionError);
    EXPECT_THROW(text.result(), ForeignExceptionError);
    EXPECT_THROW(nothing.result(), ForeignExceptionError);
    EXPECT_THROW(limited.result(), ForeignExceptionError);
    EXPECT_NE(number.exception(), nullptr);
    EXPECT_EQ(pool.submit([] { return 5; }).result(), 5);
}

TEST_F(Failure, OfAContinuationThatThrowsSomethingForeignHasAName) {
    const auto future = Future<int>::create();
    const auto next = future.then([](const Future<int>&) -> std::string { throw_foreign(); });
    future.set_result_of([]() -> int { throw_foreign(); });
    EXPECT_THROW(future.result(), ForeignExceptionError);
    EXPECT_THROW(next.result(), ForeignExceptionError);
}

TEST_F(Failure, OfAGroupsTaskThatThrowsSomethingForeignHasAName) {
    ThreadPoolExecutor pool(2);
    TaskGroup group(pool);
    group.run([] { throw_foreign(); });
    EXPECT_THROW(group.wait(), ForeignExceptionError);
    const std::vector<int> numbers(100);
    EXPECT_THROW(parallel_for(pool, numbers, [](int) { throw_foreign(); }), std::runtime_error);
    EXPECT_THROW(pool.submit([] {
                         TaskGroup inner;
                         inner.run([] { throw_foreign(); });
                         inner.wait();
                     })
                     .result(),
                 ForeignExceptionError);
}

TEST_F(Failure, OfSomethingForeignInACallbackIsReported) {
    ::testing::internal::CaptureStderr();
    const auto future = Future<int>::create();
    bool called = false;
    future.add_done_callback([](const Future<int>&) { throw_foreign(); });
    future.add_done_callback([](const Future<int>&) { throw std::out_of_range("of C++"); });
    future.add_done_callback([&](const Future<int>&) { called = true; });
    future.set_result(1);
    EXPECT_TRUE(called);
    const std::string report = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(report.find("exception calling callback for a Future: threadwise::ForeignExceptionError: "),
              std::string::npos)
        << report;
    EXPECT_NE(report.find("exception calling callback for a Future: std::out_of_range: of C++\n"), std::string::npos)
        << "names are as in the source: " << report;
}

TEST_F(Failure, OfACallbackAfterAFailureMayBeForeign) {
    // The failed call's exception is not being handled any more while callbacks are called.
    ::testing::internal::CaptureStderr();
    ThreadPoolExecutor pool(1);
    Event go_on;
    const auto future = pool.submit([&]() -> int {
        go_on.wait();
        throw std::out_of_range("the call's");
    });
    future.add_done_callback([](const Future<int>&) { throw_foreign(); });
    go_on.set();
    EXPECT_THROW(future.result(), std::out_of_range);
    pool.shutdown();
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("ForeignExceptionError"), std::string::npos);
}

/// Collects what the excepthook is given.
class Escaped {
public:
    Escaped() {
        set_excepthook([this](const ExceptHookArgs& args) {
            try {
                std::rethrow_exception(args.exception);
            } catch (const ForeignExceptionError&) {
                ++foreign;
            } catch (const ThreadExitError&) {
                ++exits;
            } catch (...) {
                ++others;
            }
        });
    }
    ~Escaped() { set_excepthook({}); }
    Escaped(const Escaped&) = delete;
    Escaped& operator=(const Escaped&) = delete;

    std::atomic<int> foreign{0};
    std::atomic<int> exits{0};
    std::atomic<int> others{0};
};

TEST_F(Failure, OfSomethingForeignThatEscapesGoesToTheHook) {
    Escaped escaped;
    Thread thread(throw_foreign);
    thread.start();
    thread.join();
    Timer timer(Timeout(std::chrono::milliseconds(0)), throw_foreign);
    timer.start();
    timer.join();
    {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget(throw_foreign);
    }
    EXPECT_EQ(escaped.foreign, 3);
    EXPECT_EQ(escaped.others, 0);
}

TEST_F(Failure, OfTheHookItselfMayBeForeign) {
    set_excepthook([](const ExceptHookArgs&) { throw_foreign(); });
    ::testing::internal::CaptureStderr();
    Thread thread([] { throw std::out_of_range("the thread's"); });
    thread.start();
    thread.join();
    set_excepthook({});
    const std::string report = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(report.find("The excepthook itself failed: threadwise::ForeignExceptionError"), std::string::npos);
    EXPECT_NE(report.find("std::out_of_range: the thread's"), std::string::npos);
}

TEST_F(Failure, OfAnInitializerMayBeForeign) {
    ::testing::internal::CaptureStderr();
    Event submitted;
    ThreadPoolExecutor pool({.max_workers = 1, .initializer = [&] {
                                 submitted.wait();
                                 throw_foreign();
                             }});
    const auto future = pool.submit([] { return 1; });
    submitted.set();
    EXPECT_THROW(future.result(), BrokenThreadPool);
    pool.shutdown();
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("ForeignExceptionError"), std::string::npos);
}

TEST_F(Failure, OfOnceMayBeForeign) {
    Once once;
    bool caught = false;
    try {
        call_once(once, throw_foreign);
    } catch (...) {
        caught = true;
    }
    EXPECT_TRUE(caught);
    int calls = 0;
    call_once(once, [&] { ++calls; });
    EXPECT_EQ(calls, 1);
}

/// Ways for a task to end its thread.
class ThreadExit : public ::testing::TestWithParam<void (*)()> {
protected:
    void SetUp() override { THREADWISE_NEEDS("way to end a thread from within"); }
};

TEST_P(ThreadExit, FailsTheCallAndThePoolGoesOn) {
    ThreadPoolExecutor pool(1);
    const auto exits = GetParam();
    for (int i = 0; i < 3; ++i) {
        const auto failed = pool.submit([exits]() -> std::string {
            exits();
            return "never";
        });
        const auto after = pool.submit([] { return 5; });
        EXPECT_THROW(failed.result(), ThreadExitError);
        EXPECT_EQ(after.result(), 5);
    }
    pool.shutdown();
    EXPECT_EQ(pool.threads(), 0U);
    EXPECT_EQ(pool.stats().failed, 3U);
}

TEST_P(ThreadExit, LosesNoCallThatWasQueued) {
    constexpr int calls = 200;
    std::atomic<int> made{0};
    std::atomic<int> failed{0};
    {
        ThreadPoolExecutor pool(2);
        for (int i = 0; i < calls; ++i) {
            pool.submit([&, exits = GetParam()] {
                    if (++made % 3 == 0) exits();
                })
                .add_done_callback([&](const Future<void>& done) {
                    if (done.exception() != nullptr) ++failed;
                });
        }
    }
    EXPECT_EQ(made, calls);
    EXPECT_GT(failed, 0);
}

TEST_P(ThreadExit, LeavesWhatTheTaskSubmittedToOthers) {
    ThreadPoolExecutor pool(1);
    std::vector<Future<int>> inner;
    const auto failed = pool.submit([&, exits = GetParam()] {
        for (int i = 0; i < 10; ++i) inner.push_back(pool.submit([i] { return i; }));
        exits();
    });
    EXPECT_THROW(failed.result(), ThreadExitError);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(inner[static_cast<std::size_t>(i)].result(), i);
}

TEST_P(ThreadExit, IsReportedForACallWithoutFuture) {
    Escaped escaped;
    {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget(GetParam());
        EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
    }
    EXPECT_EQ(escaped.exits, 1);
}

TEST_P(ThreadExit, FailsAGroupAndTheTaskThatWaitsForIt) {
    ThreadPoolExecutor pool(2);
    const auto outer = pool.submit([exits = GetParam()] {
        TaskGroup group;
        for (int i = 0; i < 10; ++i) {
            group.run([exits, i] {
                if (i == 5) exits();
            });
        }
        group.wait();
    });
    // Whether the task ran on the waiting one's thread or was stolen.
    EXPECT_THROW(outer.result(), ThreadExitError);
    {
        TaskGroup group(pool);
        group.run(GetParam());
        EXPECT_THROW(group.wait(), ThreadExitError);
    }
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    // The thread that ends may be the one that runs the loop.
    std::atomic<bool> returned{false};
    std::thread([&] {
        try {
            parallel_for(pool, numbers, [exits = GetParam()](int i) {
                if (i == 500) exits();
            });
            returned = true;
        } catch (const ThreadExitError&) {}
    }).join();
    EXPECT_FALSE(returned);
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
}

TEST_P(ThreadExit, InACallbackLosesNoOtherCallback) {
    ::testing::internal::CaptureStderr();
    std::string order;
    const auto future = Future<int>::create();
    const auto next = future.then([](const Future<int>& done) { return done.result() + 1; });
    future.add_done_callback([&](const Future<int>&) { order += "a"; });
    future.add_done_callback([exits = GetParam()](const Future<int>&) { exits(); });
    future.add_done_callback([&](const Future<int>&) { order += "b"; });
    next.add_done_callback([&](const Future<int>&) { order += "n"; });
    bool returned = false;
    std::thread([&] {
        future.set_result(1);
        returned = true;
    }).join();
    EXPECT_FALSE(returned);
    EXPECT_EQ(next.result(), 2);
    EXPECT_EQ(order, "nab");
    ::testing::internal::GetCapturedStderr();
}

TEST_P(ThreadExit, InACallbacksCallbackLosesNoOtherCallback) {
    ::testing::internal::CaptureStderr();
    std::string order;
    const auto future = Future<int>::create();
    const auto next = future.then([](const Future<int>& done) { return done.result() + 1; });
    future.add_done_callback([&](const Future<int>&) { order += "a"; });
    next.add_done_callback([exits = GetParam()](const Future<int>&) { exits(); });
    next.add_done_callback([&](const Future<int>&) { order += "n"; });
    std::thread([&] { future.set_result(1); }).join();
    EXPECT_EQ(order, "na");
    ::testing::internal::GetCapturedStderr();
}

TEST_P(ThreadExit, FailsAContinuation) {
    const auto future = Future<int>::create();
    const auto next = future.then([exits = GetParam()](const Future<int>&) -> std::string {
        exits();
        return "never";
    });
    const auto last = next.then([](const Future<std::string>& done) { return done.result(); });
    std::thread([&] { future.set_result(1); }).join();
    EXPECT_THROW(next.result(), ThreadExitError);
    EXPECT_THROW(last.result(), ThreadExitError);
}

TEST_P(ThreadExit, FailsTheFutureOfAnExecutorOfOnesOwn) {
    const auto future = Future<std::string>::create();
    std::thread([&] {
        future.set_result_of([exits = GetParam()]() -> std::string {
            exits();
            return "never";
        });
    }).join();
    EXPECT_THROW(future.result(), ThreadExitError);
}

TEST_P(ThreadExit, InAnInitializerBreaksThePool) {
    ::testing::internal::CaptureStderr();
    ThreadPoolExecutor pool({.max_workers = 1, .initializer = GetParam()});
    EXPECT_THROW(pool.submit([] { return 1; }).result(), BrokenThreadPool);
    EXPECT_THROW(pool.submit([] { return 1; }), BrokenThreadPool);
    pool.shutdown();
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("ThreadExitError"), std::string::npos);
}

TEST_P(ThreadExit, OfAThreadEndsItInPeace) {
    Escaped escaped;
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = held;
    Thread thread([exits = GetParam(), kept = std::move(held)] { exits(); });
    thread.start();
    thread.join();
    EXPECT_FALSE(thread.is_alive());
    EXPECT_TRUE(wait_until([&] { return watched.expired(); })) << "it lets go of its target";
    Timer timer(Timeout(std::chrono::milliseconds(0)), GetParam());
    timer.start();
    timer.join();
    EXPECT_EQ(escaped.exits + escaped.foreign + escaped.others, 0);
}

TEST_P(ThreadExit, StressInAPool) {
    ThreadPoolExecutor pool(2);
    for (int round = 0; round < testing::rounds(200); ++round) {
        const auto failed = pool.submit([exits = GetParam()] { exits(); });
        EXPECT_EQ(pool.submit([round] { return round; }).result(), round);
        EXPECT_THROW(failed.result(), ThreadExitError);
    }
}

INSTANTIATE_TEST_SUITE_P(, ThreadExit, ::testing::Values(&exit_thread, &be_cancelled),
                         [](const auto& test) { return test.index == 0 ? "Exit" : "Cancel"; });

}  // namespace
}  // namespace threadwise
