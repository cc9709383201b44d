#include "threadwise/thread_pool_executor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <iterator>
#include <latch>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/records/registry.hpp"
#include "threadwise/event.hpp"
#include "threadwise/executor.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

/// Waits for a condition that another thread brings about.
template <class Condition>
void eventually(Condition&& condition) {
    while (!condition()) std::this_thread::yield();
}

/// Waits without the pool's knowledge: the worker keeps its place.
void keep_place_until(const Event& event) {
    eventually([&] { return event.is_set(); });
}

TEST(ThreadPoolExecutor, RunsCalls) {
    ThreadPoolExecutor pool(2);
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
    EXPECT_EQ(pool.submit([](int a, int b) { return a * b; }, 6, 7).result(), 42);
    pool.submit([] {}).result();
}

TEST(ThreadPoolExecutor, RejectsImpossibleSizes) {
    EXPECT_THROW(ThreadPoolExecutor(0), ValueError);
    EXPECT_THROW(ThreadPoolExecutor(-1), ValueError);
    EXPECT_GE(ThreadPoolExecutor().max_workers(), 5);
    EXPECT_LE(ThreadPoolExecutor().max_workers(), 32);
}

TEST(ThreadPoolExecutor, MovesArgumentsAndResults) {
    ThreadPoolExecutor pool(1);
    auto future = pool.submit([](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(3));
    EXPECT_EQ(*std::move(future).result(), 3);
    EXPECT_EQ(*pool.submit([p = std::make_unique<int>(4)]() mutable { return std::move(p); }).result(), 4);
    int value = 0;
    pool.submit([](int& v) { v = 5; }, std::ref(value)).result();
    EXPECT_EQ(value, 5);
    EXPECT_EQ(&pool.submit([&]() -> int& { return value; }).result(), &value);
}

TEST(ThreadPoolExecutor, CallsMembers) {
    ThreadPoolExecutor pool(1);
    EXPECT_EQ(pool.submit(&std::string::size, std::string("four")).result(), 4U);
}

TEST(ThreadPoolExecutor, HandsExceptionsOnWithTheirType) {
    ThreadPoolExecutor pool(1);
    const auto future = pool.submit([]() -> int { throw std::out_of_range("there"); });
    try {
        future.result();
        FAIL() << "nothing was thrown";
    } catch (const std::out_of_range& caught) {
        EXPECT_STREQ(caught.what(), "there");
    }
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1) << "the worker has survived";
}

TEST(ThreadPoolExecutor, LetsGoOfTheCallBeforeItIsDone) {
    ThreadPoolExecutor pool(1);
    const auto held = std::make_shared<int>(0);
    const auto future = pool.submit([held] {});
    future.result();
    EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadPoolExecutor, BeginsInOrder) {
    std::vector<int> order;
    {
        ThreadPoolExecutor pool(1);
        for (int i = 0; i < 1000; ++i) pool.fire_and_forget([&order, i] { order.push_back(i); });
    }
    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

TEST(ThreadPoolExecutor, RunsAsManyAtOnceAsItHasWorkers) {
    constexpr int workers = 4;
    ThreadPoolExecutor pool(workers);
    std::latch all_run(workers);  // with fewer threads nobody would get past it
    std::vector<Future<void>> futures;
    for (int i = 0; i < workers; ++i) futures.push_back(pool.submit([&] { all_run.arrive_and_wait(); }));
    for (auto& future : futures) future.result();
}

TEST(ThreadPoolExecutor, StartsThreadsOnDemand) {
    ThreadPoolExecutor pool(8);
    EXPECT_EQ(pool.threads(), 0U);
    pool.submit([] {}).result();
    EXPECT_EQ(pool.threads(), 1U);
}

TEST(ThreadPoolExecutor, EndsIdleThreads) {
    ThreadPoolExecutor pool({.max_workers = 2, .idle_timeout = 1ms});
    pool.submit([] {}).result();
    eventually([&] { return pool.threads() == 0; });
    EXPECT_EQ(pool.submit([] { return 2; }).result(), 2) << "and starts new ones";
}

TEST(ThreadPoolExecutor, NamesItsThreads) {
    ThreadPoolExecutor pool({.max_workers = 1, .thread_name_prefix = "fetch"});
    const auto name = pool.submit([] { return runtime::registry::name_of(runtime::this_record()); });
    EXPECT_EQ(name.result(), "fetch_0");
    ThreadPoolExecutor other(1);
    const auto default_name = other.submit([] { return runtime::registry::name_of(runtime::this_record()); });
    EXPECT_TRUE(default_name.result().starts_with("ThreadPoolExecutor-")) << default_name.result();
}

TEST(ThreadPoolExecutor, InitializesEachWorker) {
    constexpr int workers = 3;
    std::atomic<int> initialized{0};
    ThreadPoolExecutor pool({.max_workers = workers, .initializer = [&] { ++initialized; }});
    std::latch all_run(workers);
    std::vector<Future<void>> futures;
    for (int i = 0; i < workers; ++i) futures.push_back(pool.submit([&] { all_run.arrive_and_wait(); }));
    for (auto& future : futures) future.result();
    EXPECT_EQ(initialized, workers);
}

TEST(ThreadPoolExecutor, BreaksWhenAnInitializerFails) {
    testing::internal::CaptureStderr();
    Event go_on;
    ThreadPoolExecutor pool({.max_workers = 1, .initializer = [&] {
                                 go_on.wait();
                                 throw std::runtime_error("no database");
                             }});
    const auto first = pool.submit([] {});
    const auto second = pool.submit([] {});
    go_on.set();
    EXPECT_THROW(first.result(), BrokenThreadPool);
    EXPECT_THROW(second.result(), BrokenThreadPool);
    EXPECT_THROW(pool.submit([] {}), BrokenThreadPool);
    EXPECT_THROW(pool.submit([] {}), BrokenExecutor);
    pool.shutdown();
    EXPECT_NE(testing::internal::GetCapturedStderr().find("no database"), std::string::npos);
}

TEST(ThreadPoolExecutor, RefusesCallsAfterShutdown) {
    ThreadPoolExecutor pool(1);
    const auto future = pool.submit([] { return 1; });
    pool.shutdown();
    EXPECT_TRUE(future.done());
    EXPECT_EQ(pool.threads(), 0U);
    try {
        pool.submit([] {});
        FAIL() << "it was accepted";
    } catch (const RuntimeError& caught) {
        EXPECT_STREQ(caught.what(), "cannot schedule new futures after shutdown");
    }
    EXPECT_THROW(pool.fire_and_forget([] {}), RuntimeError);
    pool.shutdown();
}

TEST(ThreadPoolExecutor, ShutdownWithoutWaitReturnsAtOnce) {
    Event go_on;
    Future<int> future;
    {
        ThreadPoolExecutor pool(1);
        future = pool.submit([&] {
            keep_place_until(go_on);
            return 1;
        });
        const auto queued = pool.submit([] { return 2; });
        pool.shutdown(false);
        EXPECT_FALSE(future.done());
        go_on.set();
        EXPECT_EQ(queued.result(), 2) << "what was submitted before still runs";
    }
    EXPECT_EQ(future.result(), 1);
}

TEST(ThreadPoolExecutor, CancelsWhatIsQueuedAtShutdown) {
    Event began;
    Event go_on;
    ThreadPoolExecutor pool(1);
    const auto running = pool.submit([&] {
        began.set();
        keep_place_until(go_on);
        return 1;
    });
    began.wait();
    std::vector<Future<int>> queued;
    for (int i = 0; i < 200; ++i) queued.push_back(pool.submit([] { return 2; }));
    pool.shutdown(false, true);
    for (auto& future : queued) EXPECT_TRUE(future.cancelled());
    go_on.set();
    pool.shutdown();
    EXPECT_EQ(running.result(), 1);
}

TEST(ThreadPoolExecutor, RunsAllThatWasSubmittedBeforeItGoes) {
    std::atomic<int> run{0};
    {
        ThreadPoolExecutor pool(2);
        for (int i = 0; i < 10000; ++i) pool.fire_and_forget([&] { ++run; });
    }
    EXPECT_EQ(run, 10000);
}

TEST(ThreadPoolExecutor, DoesNotRunWhatWasCancelled) {
    Event began;
    Event go_on;
    ThreadPoolExecutor pool(1);
    pool.fire_and_forget([&] {
        began.set();
        keep_place_until(go_on);
    });
    began.wait();
    bool run = false;
    auto future = pool.submit([&] { run = true; });
    EXPECT_TRUE(future.cancel());
    go_on.set();
    pool.shutdown();
    EXPECT_FALSE(run);
    EXPECT_TRUE(future.cancelled());
}

TEST(ThreadPoolExecutor, LetsGoOfACallThatItWillNotMake) {
    const auto held = std::make_shared<int>(1);
    const auto call = [held] { return *held; };
    const auto unheld = held.use_count();
    std::vector<Future<int>> kept;
    std::stop_source stop;
    Event end;
    {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget([&] { keep_place_until(end); });
        kept = {pool.submit(call), AnyExecutor(pool).submit(call), pool.submit({.stop = stop.get_token()}, call),
                pool.submit({.start_within = 0s}, call), pool.submit(call)};
        kept[0].cancel();
        kept[1].cancel();
        stop.request_stop();
        kept[4].set_exception(std::make_exception_ptr(std::runtime_error("by somebody else")));
        end.set();
    }
    EXPECT_EQ(held.use_count(), unheld);
    {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget([&] { keep_place_until(end); });
        end.clear();
        kept.push_back(pool.submit(call));
        pool.shutdown(false, true);
        end.set();
    }
    EXPECT_EQ(held.use_count(), unheld);
    {
        ThreadPoolExecutor broken({.max_workers = 1, .initializer = [&] {
                                       keep_place_until(end);
                                       throw std::runtime_error("as it wants");
                                   }});
        end.clear();
        kept.push_back(broken.submit(call));
        end.set();
    }
    EXPECT_EQ(held.use_count(), unheld);
}

TEST(ThreadPoolExecutor, ForgetsWithLargeAndOwningCalls) {
    const auto held = std::make_shared<int>(0);
    std::atomic<std::size_t> sum{0};
    {
        ThreadPoolExecutor pool(2);
        for (int i = 0; i < 100; ++i) {
            pool.fire_and_forget(
                [&sum, held, text = std::string("long enough not to be stored inline")] { sum += text.size(); });
            pool.fire_and_forget([&sum, large = std::array<char, 200>{}] { sum += large.size(); });
        }
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(sum, 100U * (35 + 200));
}

TEST(ThreadPoolExecutor, ReportsWhatForgottenCallsThrow) {
    testing::internal::CaptureStderr();
    {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget([] { throw std::runtime_error("nobody waits for this"); });
    }
    EXPECT_NE(testing::internal::GetCapturedStderr().find("nobody waits for this"), std::string::npos);
}

TEST(ThreadPoolExecutor, ThrowsWhenItIsToWaitForItself) {
    ThreadPoolExecutor pool(1);
    EXPECT_THROW(pool.submit([&] { pool.shutdown(); }).result(), RuntimeError);
}

TEST(ThreadPoolExecutor, MapsInOrder) {
    ThreadPoolExecutor pool(3);
    std::vector<int> results;
    for (const int result : pool.map([](int a, int b) { return a * b; }, std::vector{1, 2, 3}, std::vector{4, 5})) {
        results.push_back(result);
    }
    EXPECT_EQ(results, (std::vector{4, 10})) << "as many as the shortest has";
    for ([[maybe_unused]] const int never : pool.map([](int a) { return a; }, std::vector<int>())) FAIL();
}

TEST(ThreadPoolExecutor, MapThrowsAtTheResultThatFailed) {
    ThreadPoolExecutor pool(2);
    auto results = pool.map(
        [](int n) {
            if (n == 2) throw std::out_of_range("two");
            return n;
        },
        std::vector{1, 2, 3});
    auto result = results.begin();
    EXPECT_EQ(*result, 1);
    ++result;
    EXPECT_THROW(*result, std::out_of_range);
}

TEST(ThreadPoolExecutor, MapTimesOut) {
    Event go_on;
    ThreadPoolExecutor pool(1);
    auto results = pool.map(
        {.timeout = 1ms}, [&](int) { return go_on.wait(); }, std::vector{1, 2, 3});
    EXPECT_THROW(*results.begin(), TimeoutError);
    go_on.set();
}

/// The numbers below ten; counts those that have been taken.
struct Taking {
    struct Iterator {
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        int* taken;
        int operator*() const { return (*taken)++; }
        Iterator& operator++() { return *this; }
        void operator++(int) {}
        bool operator==(std::default_sentinel_t) const { return *taken == 10; }
    };
    int& taken;
    Iterator begin() const { return {&taken}; }
    std::default_sentinel_t end() const { return {}; }
};

TEST(ThreadPoolExecutor, MapSubmitsNoMoreThanItsBuffer) {
    ThreadPoolExecutor pool(1);
    int taken = 0;
    const Taking numbers{taken};
    int expected = 0;
    for (const int result : pool.map(
             {.buffersize = 3}, [](int n) { return n; }, numbers)) {
        EXPECT_EQ(result, expected++);
        EXPECT_LE(taken, expected + 3);
    }
    EXPECT_EQ(expected, 10);
    EXPECT_THROW(pool.map(
                     {.buffersize = 0}, [](int n) { return n; }, std::vector{1}),
                 ValueError);
    EXPECT_THROW(pool.map(
                     {.chunksize = 0}, [](int n) { return n; }, std::vector{1}),
                 ValueError);
}

TEST(ThreadPoolExecutor, TasksSubmitTasks) {
    ThreadPoolExecutor pool(2);
    std::atomic<int> run{0};
    std::function<void(int)> spawn = [&](int depth) {
        if (depth > 0) {
            pool.fire_and_forget(spawn, depth - 1);
            pool.fire_and_forget(spawn, depth - 1);
        }
        ++run;
    };
    pool.submit(spawn, 12).result();
    eventually([&] { return run == (1 << 13) - 1; });
}

TEST(ThreadPoolExecutor, TasksThatSubmitTasksDoNotKeepOthersWaiting) {
    ThreadPoolExecutor pool(1);
    std::atomic<bool> stop{false};
    std::function<void()> again = [&] {
        if (!stop) pool.fire_and_forget(again);
    };
    pool.fire_and_forget(again);
    pool.submit([&] { stop = true; }).result();
}

TEST(ThreadPoolExecutor, StressLosesNoTask) {
    constexpr int submitters = 4;
    constexpr int each = 1000;
    for (int round = 0; round < 8; ++round) {
        std::atomic<int> run{0};
        {
            ThreadPoolExecutor pool(1 + round % 4);
            std::vector<std::jthread> threads;
            for (int t = 0; t < submitters; ++t) {
                threads.emplace_back([&] {
                    for (int i = 0; i < each; ++i) pool.fire_and_forget([&] { ++run; });
                });
            }
            threads.clear();
        }
        ASSERT_EQ(run, submitters * each);
    }
}

}  // namespace
}  // namespace threadwise
