// parallel_for() called from outside of the pool: the caller takes part.

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <latch>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "runtime/records/thread_record.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/parallel_for.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace {

/// Lets the next loop over integers with this body wake a worker at once, however short the last one was.
template <class Body>
void forget_cost(const Body& /*body*/) {
    detail::step_cost<detail::EachElement<detail::Counter<int>, Body>> = std::numeric_limits<float>::infinity();
}

TEST(SharedLoop, RunsInTheCallerIfAllWorkersAreBusy) {
    ThreadPoolExecutor pool(2);
    std::latch done(1);
    for (int i = 0; i < 2; ++i) pool.fire_and_forget([&] { done.wait(); });
    std::vector<int> visits(1000);
    const auto caller = std::this_thread::get_id();
    parallel_for(pool, visits, [&](int& visit) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        ++visit;
    });
    EXPECT_EQ(std::accumulate(visits.begin(), visits.end(), 0), 1000);
    done.count_down();
}

TEST(SharedLoop, RunsOnTheCallerAndAWorkerAtOnce) {
    ThreadPoolExecutor pool(2);
    std::atomic<int> inside{0};
    auto body = [&](int) {
        ++inside;
        EXPECT_TRUE(testing::wait_until([&] { return inside == 2; }));
    };
    forget_cost(body);
    parallel_for(pool, 0, 2, body);
}

TEST(SharedLoop, HasNoMoreThreadsThanThePoolHasWorkers) {
    ThreadPoolExecutor pool(3);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    parallel_for(pool, 0, 2000, [&](int) {
        const int now = ++inside;
        int seen = most;
        while (seen < now && !most.compare_exchange_weak(seen, now)) {}
        std::this_thread::yield();
        --inside;
    });
    EXPECT_LE(most, 3);
}

TEST(SharedLoop, LeavesAPoolOfOneWorkerToIt) {
    ThreadPoolExecutor pool(1);
    parallel_for(pool, 0, 100, [&](int) { EXPECT_TRUE(pool.runs_this_thread()); });
}

TEST(SharedLoop, LeavesAPoolWithAnInitializerToIt) {
    static thread_local bool prepared = false;
    ThreadPoolExecutor pool({.max_workers = 2, .initializer = [] { prepared = true; }});
    parallel_for(pool, 0, 100, [](int) { EXPECT_TRUE(prepared); });
}

TEST(SharedLoop, ThrowsAfterShutdown) {
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < 10; ++i) parallel_for(pool, 0, 10, [](int) {});
    pool.shutdown();
    EXPECT_THROW(parallel_for(pool, 0, 10, [](int) {}), RuntimeError);
}

TEST(SharedLoop, TakesNoCapacityOfABoundedPoolAndIsNotCounted) {
    ThreadPoolExecutor pool({.max_workers = 2, .max_queued = 1, .when_full = WhenFull::reject});
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> count{0};
        parallel_for(pool, 0, 50, [&](int) {
            ++count;
            std::this_thread::yield();
        });
        ASSERT_EQ(count, 50);
    }
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1);
    EXPECT_EQ(pool.stats().done, 1U);
}

TEST(SharedLoop, ThrowsWhatAStepThrowsWhereverItRuns) {
    ThreadPoolExecutor pool(2);
    for (int round = 0; round < testing::rounds(300); ++round) {
        std::atomic<int> begun{0};
        EXPECT_THROW(parallel_for(pool, 0, 1000,
                                  [&](int i) {
                                      ++begun;
                                      if (i == round) throw std::out_of_range("here");
                                  }),
                     std::out_of_range);
        EXPECT_LE(begun, 1000);
    }
}

/// Interrupts the caller of a loop that waits for its helpers, and once more when it has noticed.
void interrupt_twice(const runtime::ThreadRecord& caller, const std::function<void()>& interrupt_caller) {
    EXPECT_TRUE(testing::wait_until([&] { return caller.site.read().kind == runtime::WaitKind::task_group; }));
    for (int i = 0; i < 2; ++i) {
        interrupt_caller();
        EXPECT_TRUE(testing::wait_until([&] { return !caller.interrupt_requested; }));
    }
}

/// Runs a loop whose caller is interrupted twice while it waits for a helper.
void loop_while_interrupted(const std::function<void()>& interrupt_caller) {
    ThreadPoolExecutor pool(2);
    std::atomic<int> inside{0};
    std::atomic<bool> go_on{false};
    testing::SharedRecord record;
    const std::jthread impatient([&] {
        interrupt_twice(record.get(), interrupt_caller);
        go_on = true;
    });
    record.share();
    const auto body = [&, caller = std::this_thread::get_id()](int) {
        ++inside;
        EXPECT_TRUE(
            testing::wait_until([&] { return inside == 2 && (go_on || std::this_thread::get_id() == caller); }));
    };
    forget_cost(body);
    EXPECT_THROW(parallel_for(pool, 0, 2, body), InterruptedError);
    EXPECT_TRUE(go_on) << "the helper is waited for all the same";
}

TEST(SharedLoop, ThrowsOneErrorHoweverOftenItsCallerIsInterrupted) {
    loop_while_interrupted([caller = current_thread()] { interrupt(caller); });
}

TEST(SharedLoop, ThrowsOneErrorHoweverOftenCtrlCIsPressed) {
    const auto old = std::signal(SIGINT, [](int) { interrupt_main(); });
    loop_while_interrupted([] { std::raise(SIGINT); });
    std::signal(SIGINT, old);
}

TEST(SharedLoopStress, ManyLoopsFromManyThreads) {
    ThreadPoolExecutor pool(3);
    testing::run_together(4, [&](std::size_t thread) {
        testing::Dice dice(thread);
        for (int round = 0; round < testing::rounds(2000); ++round) {
            const std::size_t size = dice(200);
            std::vector<int> visits(size);
            parallel_for(pool, visits, [&](int& visit) {
                ++visit;
                if (size % 7 == 3) std::this_thread::yield();
            });
            ASSERT_EQ(std::accumulate(visits.begin(), visits.end(), std::size_t{0}), size);
        }
    });
}

}  // namespace
}  // namespace threadwise
