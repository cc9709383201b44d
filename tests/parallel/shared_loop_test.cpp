// parallel_for() called from outside of the pool: the caller takes part.

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/parallel_for.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace {

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
    // An earlier run of this test may have been so short that the caller would try to do without workers.
    detail::step_cost<decltype(body)> = std::numeric_limits<float>::infinity();
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
