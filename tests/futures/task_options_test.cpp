// The options of a pool's queue, and of single calls.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/event.hpp"
#include "threadwise/excepthook.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/queue_errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::wait_until;

/// A pool with one worker, which is busy until let go.
class TaskOptionsTest : public ::testing::Test {
protected:
    void occupy(ThreadPoolExecutor& pool) {
        busy_ = pool.submit([this] {
            began_.set();
            // Waits without the pool's knowledge: the worker keeps its place.
            wait_until([this] { return go_on_.is_set(); });
        });
        began_.wait();
    }
    void let_go() {
        go_on_.set();
        busy_.result();
    }

private:
    Event began_;
    Event go_on_;
    Future<void> busy_;
};

TEST_F(TaskOptionsTest, HigherPrioritiesBeginFirst) {
    std::vector<int> order;
    {
        ThreadPoolExecutor pool(1);
        occupy(pool);
        auto note = [&](int priority, int number) {
            pool.submit({.priority = priority}, [&order, number] { order.push_back(number); });
        };
        note(-1, 6);
        note(0, 4);
        note(2, 1);
        note(1, 3);
        note(2, 2);
        note(0, 5);
        note(-2, 8);
        note(-1, 7);
        EXPECT_EQ(pool.queued(), 8U);
        let_go();
    }
    EXPECT_EQ(order, (std::vector{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(TaskOptionsTest, AreHeededInsideOfThePoolToo) {
    std::vector<int> order;
    ThreadPoolExecutor pool(1);
    pool.submit([&] {
            pool.submit({}, [&] { order.push_back(2); });
            pool.submit({.priority = -1}, [&] { order.push_back(3); });
            pool.submit({.priority = 1}, [&] { order.push_back(1); });
        })
        .result();
    pool.shutdown();
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST_F(TaskOptionsTest, AllRunWhateverTheirPriority) {
    std::atomic<int> run{0};
    {
        ThreadPoolExecutor pool(2);
        for (int i = 0; i < 3000; ++i) pool.submit({.priority = i % 7 - 3}, [&] { ++run; });
    }
    EXPECT_EQ(run, 3000);
}

TEST_F(TaskOptionsTest, CancelsWhatIsQueuedAtShutdownWhateverItsPriority) {
    ThreadPoolExecutor pool(1);
    occupy(pool);
    std::vector<Future<void>> queued;
    for (int i = -1; i <= 1; ++i) queued.push_back(pool.submit({.priority = i}, [] {}));
    pool.shutdown(false, true);
    for (const auto& future : queued) EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(pool.submit({.priority = 1}, [] {}), RuntimeError);
    let_go();
}

TEST_F(TaskOptionsTest, ACallThatBeginsTooLateIsCancelled) {
    ThreadPoolExecutor pool(1);
    occupy(pool);
    bool ran = false;
    const auto late = pool.submit({.start_within = 0ms}, [&] { ran = true; });
    const auto in_time = pool.submit({.start_within = 1h}, [] { return 1; });
    let_go();
    try {
        late.result();
        FAIL() << "it had no time to begin";
    } catch (const CancelledError& caught) {
        EXPECT_NE(std::string(caught.what()).find("start_within"), std::string::npos) << caught.what();
    }
    EXPECT_TRUE(late.cancelled());
    EXPECT_THROW(late.exception(), CancelledError);
    EXPECT_EQ(in_time.result(), 1);
    EXPECT_FALSE(ran);
}

TEST_F(TaskOptionsTest, AWaitingTaskDoesNotMakeACallThatIsLate) {
    ThreadPoolExecutor pool(1);
    const auto waits = pool.submit([&] { pool.submit({.start_within = 0ms}, [] {}).result(); });
    EXPECT_THROW(waits.result(), CancelledError);
}

TEST_F(TaskOptionsTest, ARequestToStopCancelsWhatIsQueued) {
    ThreadPoolExecutor pool(1);
    occupy(pool);
    std::stop_source stop;
    const auto one = pool.submit({.stop = stop.get_token()}, [] {});
    const auto other = pool.submit({.priority = 1, .stop = stop.get_token()}, [] {});
    bool told = false;
    one.add_done_callback([&](const Future<void>& future) { told = future.cancelled(); });
    stop.request_stop();
    EXPECT_TRUE(one.cancelled());
    EXPECT_TRUE(other.cancelled());
    EXPECT_TRUE(told);
    EXPECT_TRUE(pool.submit({.stop = stop.get_token()}, [] {}).cancelled()) << "stop was requested already";
    let_go();
}

TEST_F(TaskOptionsTest, ACallThatRunsIsGivenItsStopToken) {
    ThreadPoolExecutor pool(1);
    std::stop_source stop;
    Event began;
    const auto future = pool.submit(
        {.stop = stop.get_token()},
        [&](std::stop_token token, int value) {
            began.set();
            while (!token.stop_requested()) std::this_thread::yield();
            return value;
        },
        3);
    began.wait();
    stop.request_stop();
    EXPECT_EQ(future.result(), 3) << "and is not cancelled";
}

TEST_F(TaskOptionsTest, StressStopsWhileCallsBeginAndEnd) {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> ran{0};
        int cancelled = 0;
        {
            ThreadPoolExecutor pool(2);
            std::stop_source stop;
            std::vector<Future<void>> futures;
            const std::jthread stopper([&] { stop.request_stop(); });
            for (int i = 0; i < 20; ++i) futures.push_back(pool.submit({.stop = stop.get_token()}, [&] { ++ran; }));
            for (const auto& future : futures) wait(std::vector{future});
            for (const auto& future : futures) cancelled += future.cancelled() ? 1 : 0;
        }
        ASSERT_EQ(ran + cancelled, 20);
    }
}

TEST_F(TaskOptionsTest, AFullQueueRejects) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 2, .when_full = WhenFull::reject});
    occupy(pool);
    pool.submit([] {});
    pool.submit({.priority = 1}, [] {});
    try {
        pool.submit([] {});
        FAIL() << "there was no room";
    } catch (const Full& caught) {
        EXPECT_NE(std::string(caught.what()).find("max_queued = 2"), std::string::npos) << caught.what();
    }
    EXPECT_THROW(pool.fire_and_forget([] {}), Full);
    EXPECT_THROW(pool.submit({.priority = 1}, [] {}), Full);
    let_go();
    wait_until([&] { return pool.queued() == 0; });
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
}

TEST_F(TaskOptionsTest, AFullQueueMakesItsSubmitterRun) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1, .when_full = WhenFull::run_in_caller});
    occupy(pool);
    const auto queued = pool.submit([] { return std::this_thread::get_id(); });
    const auto here = pool.submit([] { return std::this_thread::get_id(); });
    EXPECT_TRUE(here.done());
    EXPECT_EQ(here.result(), std::this_thread::get_id());
    bool ran = false;
    pool.fire_and_forget([&] { ran = true; });
    EXPECT_TRUE(ran);
    EXPECT_TRUE(pool.submit({.start_within = 0ms}, [] {}).cancelled());
    EXPECT_EQ(pool.stats().done, 2U);
    let_go();
    EXPECT_NE(queued.result(), std::this_thread::get_id());
}

TEST_F(TaskOptionsTest, AFullQueueBlocksItsSubmitterAndABoundIsABound) {
    constexpr std::size_t bound = 3;
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = bound});
    std::atomic<int> run{0};
    std::atomic<std::size_t> most{0};
    {
        std::vector<std::jthread> submitters;
        for (int t = 0; t < 3; ++t) {
            submitters.emplace_back([&] {
                for (int i = 0; i < 200; ++i) {
                    pool.fire_and_forget([&] {
                        most = std::max(most.load(), pool.queued());
                        ++run;
                    });
                }
            });
        }
    }
    pool.shutdown();
    EXPECT_EQ(run, 600);
    EXPECT_LE(most, bound);
}

TEST_F(TaskOptionsTest, WhoWaitsForRoomHeedsTheCallsLimits) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1});
    occupy(pool);
    const auto queued = pool.submit([] { return 1; });
    EXPECT_TRUE(pool.submit({.start_within = 1ms}, [] {}).cancelled());
    std::stop_source stop;
    const std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_TRUE(pool.submit({.stop = stop.get_token()}, [] {}).cancelled());
    let_go();
    EXPECT_EQ(queued.result(), 1);
}

TEST_F(TaskOptionsTest, ShutdownMayBeCalledAnyNumberOfTimes) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1});
    const auto last = pool.submit([] { return 7; });
    for (int i = 0; i < 10'000; ++i) pool.shutdown(false);
    EXPECT_THROW(pool.submit([] {}), RuntimeError);
    pool.shutdown();
    EXPECT_EQ(last.result(), 7);
}

TEST_F(TaskOptionsTest, ShutdownEndsTheWaitForRoom) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1});
    occupy(pool);
    pool.submit([] {});
    std::atomic<int> refused{0};
    std::vector<std::jthread> submitters;
    for (int t = 0; t < 3; ++t) {
        submitters.emplace_back([&] {
            try {
                for (;;) pool.submit([] {});
            } catch (const RuntimeError&) {
                ++refused;
            }
        });
    }
    pool.shutdown(false);
    submitters.clear();
    EXPECT_EQ(refused, 3);
    let_go();
}

TEST_F(TaskOptionsTest, WhatTasksSubmitIsNotHeldUp) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1});
    std::atomic<int> run{0};
    pool.submit([&] {
            for (int i = 0; i < 2000; ++i) pool.fire_and_forget([&] { ++run; });  // more than a worker's deque holds
        })
        .result();
    TaskGroup group(pool);
    for (int i = 0; i < 100; ++i) group.run([&] { ++run; });
    group.wait();
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
    pool.shutdown();
    EXPECT_EQ(run, 2100);
}

TEST_F(TaskOptionsTest, RejectsABoundOfZero) { EXPECT_THROW(ThreadPoolExecutor({.max_queued = 0}), ValueError); }

TEST_F(TaskOptionsTest, SaysWhichBoundIsTooLarge) {
    try {
        ThreadPoolExecutor({.max_queued = std::numeric_limits<std::size_t>::max()});
        FAIL() << "there is no such bound";
    } catch (const ValueError& caught) {
        EXPECT_STREQ(caught.what(), "max_queued must be at most 2305843009212645375: leave it out for no bound");
    }
}

TEST_F(TaskOptionsTest, SubmitsAllInOrder) {
    ThreadPoolExecutor pool(2);
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    const auto futures = pool.submit_all([](int n) { return 2 * n; }, numbers);
    ASSERT_EQ(futures.size(), numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(futures[i].result(), 2 * numbers[i]);
    EXPECT_TRUE(pool.submit_all([](int) {}, std::vector<int>()).empty());
}

TEST_F(TaskOptionsTest, BeginsAllInOrder) {
    std::vector<int> numbers(200);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<int> order;
    {
        ThreadPoolExecutor pool(1);
        pool.fire_and_forget_all([&](int n) { order.push_back(n); }, numbers);
    }
    EXPECT_EQ(order, numbers);
}

TEST_F(TaskOptionsTest, SubmitsAllFromInsideAndIntoFullQueues) {
    for (const WhenFull when_full : {WhenFull::block, WhenFull::run_in_caller}) {
        std::atomic<int> run{0};
        {
            ThreadPoolExecutor pool({.max_workers = 2, .max_queued = 5, .when_full = when_full});
            const auto count = [&](const std::string& text) { run += static_cast<int>(text.size()); };
            const std::vector<std::string> texts(100, "four");
            pool.fire_and_forget_all(count, texts);
            pool.submit([&] {
                    pool.fire_and_forget_all(count, texts);
                    pool.submit_all(count, texts);
                })
                .result();
        }
        EXPECT_EQ(run, 1200);
    }
}

TEST_F(TaskOptionsTest, WhatCannotBeSubmittedIsCancelledAndLetGo) {
    ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 40, .when_full = WhenFull::reject});
    occupy(pool);
    const auto held = std::make_shared<int>(0);
    std::atomic<int> run{0};
    const auto call = [&run, held](int) { ++run; };
    EXPECT_THROW(pool.submit_all(call, std::vector<int>(50)), Full);
    EXPECT_THROW(pool.fire_and_forget_all(call, std::vector<int>(50)), Full);
    EXPECT_EQ(pool.queued(), 40U) << "cancelled, but still to be passed over";
    let_go();
    pool.shutdown();
    EXPECT_EQ(run, 0);
    EXPECT_THROW(pool.fire_and_forget_all(call, std::vector<int>(50)), RuntimeError);
    EXPECT_EQ(held.use_count(), 2);
}

TEST_F(TaskOptionsTest, CountsHowCallsEnd) {
    ThreadPoolExecutor pool(1);
    pool.submit([] {}).result();
    EXPECT_EQ(pool.stats().done, 1U) << "who has seen it done finds it counted";
    EXPECT_NE(pool.submit([] { throw std::runtime_error("for the statistics"); }).exception(), nullptr);
    EXPECT_EQ(pool.stats().failed, 1U);
    occupy(pool);
    const auto queued = pool.submit([] {});
    EXPECT_TRUE(pool.submit([] {}).cancel());
    const auto late = pool.submit({.start_within = 0ms}, [] {});
    const PoolStats busy = pool.stats();
    EXPECT_EQ(busy.queued, 3U);
    EXPECT_EQ(busy.running, 1U);
    EXPECT_EQ(busy.threads, 1U);
    let_go();
    pool.fire_and_forget([] {});
    pool.submit([&] { pool.submit([] {}).result(); }).result();  // two calls, one on top of the other
    pool.shutdown();
    const PoolStats stats = pool.stats();
    EXPECT_EQ(stats.queued, 0U);
    EXPECT_EQ(stats.running, 0U);
    EXPECT_EQ(stats.done, 6U);
    EXPECT_EQ(stats.failed, 1U);
    EXPECT_EQ(stats.cancelled, 2U);
    EXPECT_EQ(stats.wait_times.count(), 0U) << "nobody asked for times";
}

TEST_F(TaskOptionsTest, CountsEachCallOnce) {
    std::atomic<int> ran{0};
    ThreadPoolExecutor pool({.max_workers = 3, .measure_times = true});
    std::vector<Future<void>> futures;
    for (int i = 0; i < 500; ++i) {
        futures.push_back(pool.submit([&] {
            pool.submit([&] { ++ran; }).result();
            pool.fire_and_forget([&] { ++ran; });
        }));
        if (i % 5 == 0) futures.back().cancel();
    }
    wait(futures);
    pool.shutdown();
    const PoolStats stats = pool.stats();
    EXPECT_EQ(stats.done + stats.failed + stats.cancelled, 500U + static_cast<unsigned>(ran));
    EXPECT_EQ(2 * (500 - static_cast<int>(stats.cancelled)), ran);
}

TEST_F(TaskOptionsTest, MeasuresTimes) {
    ThreadPoolExecutor pool({.max_workers = 1, .measure_times = true});
    occupy(pool);
    const auto submitted = std::chrono::steady_clock::now();
    pool.submit([] {});
    pool.submit({.priority = 1}, [] {});
    wait_until([&] { return std::chrono::steady_clock::now() - submitted > 2ms; });
    let_go();
    pool.shutdown();
    const PoolStats stats = pool.stats();
    EXPECT_EQ(stats.wait_times.count(), 3U);
    EXPECT_EQ(stats.run_times.count(), 3U);
    EXPECT_GE(stats.wait_times.quantile(1), 2ms);
    EXPECT_GE(stats.run_times.quantile(1), 2ms);
}

TEST(DurationHistogram, TellsQuantiles) {
    DurationHistogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), 0ns);
    histogram.counts[4] = 3;
    histogram.counts[10] = 1;
    EXPECT_EQ(histogram.count(), 4U);
    EXPECT_EQ(histogram.quantile(0), 16ns);
    EXPECT_EQ(histogram.quantile(0.75), 16ns);
    EXPECT_EQ(histogram.quantile(0.76), 1024ns);
    EXPECT_EQ(histogram.quantile(1), 1024ns);
}

TEST(FireAndForget, HandsWhatEscapesToTheExcepthook) {
    std::string seen;
    const ExceptHook before = set_excepthook([&](const ExceptHookArgs& args) {
        try {
            std::rethrow_exception(args.exception);
        } catch (const std::out_of_range& caught) {
            seen = args.thread.name() + ": " + caught.what();
        }
    });
    {
        ThreadPoolExecutor pool({.max_workers = 1, .thread_name_prefix = "worker"});
        pool.fire_and_forget([] { throw std::out_of_range("nobody waits"); });
    }
    set_excepthook(before);
    EXPECT_EQ(seen, "worker_0: nobody waits");
}

}  // namespace
}  // namespace threadwise
