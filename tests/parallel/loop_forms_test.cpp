// The forms of parallel_for(): blocks, ranges that are walked over, and loops that are asked to stop.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <list>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "threadwise/errors.hpp"
#include "threadwise/parallel_for.hpp"

namespace threadwise {
namespace {

TEST(ParallelForBlocks, CoverTheRangeOnce) {
    ThreadPoolExecutor pool(2);
    for (const long size : {0L, 1L, 2L, 63L, 1000L, 100'000L}) {
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(size));
        const auto visit = [&](long begin, long end) {
            EXPECT_LT(begin, end);
            for (long i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i + 5)];
        };
        parallel_for_blocks(pool, -5, size - 5, visit);
        pool.submit([&] { parallel_for_blocks(-5, size - 5, visit); }).result();
        for (const auto& count : visits) ASSERT_EQ(count, 2);
    }
}

TEST(ParallelForEach, TakesRangesWithoutRandomAccess) {
    ThreadPoolExecutor pool(2);
    std::list<int> list(10'000, 1);
    parallel_for_each(pool, list, [](int& value) { ++value; });
    parallel_for_each(list, [](int& value) { ++value; });
    for (const int value : list) ASSERT_EQ(value, 3);
    std::map<std::string, int> map{{"a", 1}, {"b", 2}};
    parallel_for_each(pool, map, [](auto& entry) { entry.second *= 2; });
    EXPECT_EQ(map, (std::map<std::string, int>{{"a", 2}, {"b", 4}}));
    std::vector<int> vector(10'000, 1);
    parallel_for_each(pool, vector, [](int& value) { ++value; });
    for (const int value : vector) ASSERT_EQ(value, 2);
}

/// Stops a loop after `before` steps; returns how many were made.
template <class Loop>
std::size_t steps_until_stopped(std::size_t before, Loop loop) {
    std::stop_source source;
    std::atomic<std::size_t> steps{0};
    const auto step = [&](auto) {
        if (++steps == before) source.request_stop();
    };
    EXPECT_THROW(loop(step, source.get_token()), InterruptedError);
    return steps;
}

TEST(ParallelFor, EndsWhenAskedToStop) {
    constexpr std::size_t size = 50'000'000;
    ThreadPoolExecutor pool(2);
    ThreadPoolExecutor one(1);
    const auto from_outside = [&](auto step, const std::stop_token& stop) {
        parallel_for(pool, std::size_t{0}, size, step, stop);
    };
    const auto in_a_worker = [&](auto step, const std::stop_token& stop) {
        pool.submit([&] { parallel_for(std::size_t{0}, size, step, stop); }).result();
    };
    const auto by_one = [&](auto step, const std::stop_token& stop) {
        parallel_for(one, std::size_t{0}, size, step, stop);
    };
    // A block that has begun is finished: from outside the first ones are an eighth of the loop each.
    EXPECT_LT(steps_until_stopped(10, from_outside), size / 2);
    EXPECT_LT(steps_until_stopped(10, in_a_worker), size / 2);
    EXPECT_LT(steps_until_stopped(10, by_one), size / 2);
}

TEST(ParallelFor, DoesNotBeginOnceAskedToStop) {
    ThreadPoolExecutor pool(2);
    std::stop_source source;
    source.request_stop();
    std::atomic<int> steps{0};
    const auto step = [&](int) { ++steps; };
    const auto loop = [&] { parallel_for(0, 1000, step, source.get_token()); };
    EXPECT_THROW(loop(), InterruptedError);
    EXPECT_THROW(pool.submit(loop).result(), InterruptedError);
    EXPECT_EQ(steps, 0);
}

TEST(ParallelFor, IsNotConcernedByATokenThatIsNotUsed) {
    ThreadPoolExecutor pool(2);
    const std::stop_source source;
    std::atomic<int> steps{0};
    parallel_for(
        pool, std::vector<int>(1000), [&](int) { ++steps; }, source.get_token());
    parallel_for(
        std::vector<int>(1000), [&](int) { ++steps; }, source.get_token());
    EXPECT_EQ(steps, 2000);
}

}  // namespace
}  // namespace threadwise
