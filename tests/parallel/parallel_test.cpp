#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "threadwise/parallel_for.hpp"
#include "threadwise/parallel_invoke.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/parallel_sort.hpp"

namespace threadwise {
namespace {

std::vector<int> numbers(std::size_t count) {
    std::vector<int> all(count);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

class Parallel : public testing::TestWithParam<int> {
protected:
    ThreadPoolExecutor pool{GetParam()};
};

TEST_P(Parallel, ForVisitsEachElementOnce) {
    for (const std::size_t size : {0U, 1U, 2U, 1000U, 100000U}) {
        std::vector<int> visits(size);
        parallel_for(pool, visits, [](int& visit) { ++visit; });
        EXPECT_TRUE(std::ranges::all_of(visits, [](int visit) { return visit == 1; }));
    }
}

TEST_P(Parallel, ForCounts) {
    std::atomic<long> sum{0};
    parallel_for(1, 1001, [&](int i) { sum += i; });
    EXPECT_EQ(sum, 500500);
    parallel_for(3, 3, [&](int) { FAIL(); });
    parallel_for(3, 1, [&](int) { FAIL(); });
}

TEST_P(Parallel, ForThrowsWhatABodyThrows) {
    EXPECT_THROW(parallel_for(pool, numbers(1000),
                              [](int i) {
                                  if (i == 500) throw std::out_of_range("500");
                              }),
                 std::out_of_range);
}

TEST_P(Parallel, LoopsNest) {
    std::atomic<int> count{0};
    parallel_for(pool, numbers(30),
                 [&](int) { parallel_for(0, 30, [&](int) { parallel_for(0, 10, [&](int) { ++count; }); }); });
    EXPECT_EQ(count, 30 * 30 * 10);
}

TEST_P(Parallel, InvokeCallsAll) {
    int a = 0;
    int b = 0;
    int c = 0;
    pool.submit([&] { parallel_invoke([&] { a = 1; }, [&] { b = 2; }, [&] { c = 3; }); }).result();
    EXPECT_EQ(a + b + c, 6);
    parallel_invoke([&] { a = 4; });
    EXPECT_EQ(a, 4);
    EXPECT_THROW(parallel_invoke([] {}, [] { throw std::out_of_range("second"); }), std::out_of_range);
}

TEST_P(Parallel, ReduceAddsUp) {
    for (const int size : {0, 1, 3, 4, 5, 1000, 100001}) {
        std::vector<long> values(static_cast<std::size_t>(size));
        std::iota(values.begin(), values.end(), 1);
        EXPECT_EQ(parallel_reduce(pool, values, 7L), 7 + std::accumulate(values.begin(), values.end(), 0L)) << size;
    }
}

TEST_P(Parallel, ReduceKeepsTheOrder) {
    std::vector<std::string> letters;
    std::string expected = ">";
    for (int i = 0; i < 3000; ++i) {
        letters.emplace_back(1, static_cast<char>('a' + i % 26));
        expected += letters.back();
    }
    EXPECT_EQ(parallel_reduce(pool, letters, std::string(">")), expected);
    EXPECT_EQ(parallel_reduce(letters, std::string(">")), expected) << "in the default pool";
}

TEST_P(Parallel, SortSorts) {
    std::mt19937 random(42);
    for (const std::size_t size : {0U, 1U, 2U, 100U, 10000U, 300001U}) {
        std::vector<int> values(size);
        for (int& value : values) value = static_cast<int>(random() % 5000);
        auto expected = values;
        std::ranges::sort(expected);
        parallel_sort(pool, values);
        EXPECT_EQ(values, expected) << size;
    }
}

TEST_P(Parallel, SortMovesAndTakesAnOrder) {
    std::vector<std::unique_ptr<int>> values;
    for (int i = 0; i < 50000; ++i) values.push_back(std::make_unique<int>(i * 7919 % 50000));
    parallel_sort(values, [](const auto& a, const auto& b) { return *a > *b; });
    for (int i = 0; i < 50000; ++i) ASSERT_EQ(*values[static_cast<std::size_t>(i)], 49999 - i);
}

TEST_P(Parallel, SortThrowsWhatTheOrderThrows) {
    std::vector<int> values(100000);
    std::iota(values.rbegin(), values.rend(), 0);
    EXPECT_THROW(parallel_sort(pool, values,
                               [](int a, int b) {
                                   if (a == 70000 || b == 70000) throw std::out_of_range("70000");
                                   return a < b;
                               }),
                 std::out_of_range);
}

INSTANTIATE_TEST_SUITE_P(Workers, Parallel, testing::Values(1, 2, 8));

}  // namespace
}  // namespace threadwise
