// parallel_transform, parallel_transform_reduce, the scans, parallel_find_if and parallel_merge, beside what the
// standard library makes of the same values.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/parallel_find.hpp"
#include "threadwise/parallel_merge.hpp"
#include "threadwise/parallel_scan.hpp"
#include "threadwise/parallel_transform.hpp"

namespace threadwise {
namespace {

constexpr std::size_t sizes[] = {0, 1, 2, 5, 63, 64, 65, 4095, 4096, 8193, 100'000};

std::vector<int> numbers(std::size_t count) {
    std::vector<int> values(count);
    testing::Dice dice(count);
    for (int& value : values) value = static_cast<int>(dice(1000));
    return values;
}

/// The number of workers; 0: in a task of a pool of two.
class Parallel : public ::testing::TestWithParam<int> {
protected:
    /// Runs `work(pool)`.
    template <class Work>
    void with_pool(Work work) {
        ThreadPoolExecutor pool(GetParam() == 0 ? 2 : GetParam());
        if (GetParam() == 0) {
            pool.submit([&] { work(pool); }).result();
        } else {
            work(pool);
        }
    }
};

TEST_P(Parallel, TransformWritesEachResultInItsPlace) {
    with_pool([](ThreadPoolExecutor& pool) {
        for (const std::size_t size : sizes) {
            const std::vector<int> values = numbers(size);
            std::vector<std::string> texts(size);
            const auto text = [](int value) { return std::to_string(value); };
            EXPECT_EQ(parallel_transform(pool, values, texts.begin(), text), texts.end());
            std::vector<std::string> expected(size);
            std::ranges::transform(values, expected.begin(), text);
            EXPECT_EQ(texts, expected);
        }
    });
}

TEST_P(Parallel, TransformOfTwoRangesEndsWithTheShorter) {
    with_pool([](ThreadPoolExecutor& pool) {
        const std::vector<int> few = numbers(500);
        const std::vector<int> many = numbers(9000);
        std::vector<int> sums(500);
        EXPECT_EQ(parallel_transform(pool, few, many, sums.begin(), std::plus<>()), sums.end());
        EXPECT_EQ(parallel_transform(pool, many, few, sums.begin(), std::plus<>()), sums.end());
        for (std::size_t i = 0; i < sums.size(); ++i) ASSERT_EQ(sums[i], few[i] + many[i]);
    });
}

TEST_P(Parallel, TransformMayWriteOverWhatItReads) {
    with_pool([](ThreadPoolExecutor& pool) {
        std::vector<int> values(20'000, 7);
        parallel_transform(pool, values, values.begin(), std::negate<>());
        EXPECT_EQ(std::ranges::count(values, -7), 20'000);
    });
}

TEST_P(Parallel, TransformReduceAddsUpInOrder) {
    with_pool([](ThreadPoolExecutor& pool) {
        for (const std::size_t size : sizes) {
            const std::vector<int> values = numbers(size);
            const auto digit = [](int value) { return std::string(1, static_cast<char>('0' + value % 10)); };
            const auto joined = parallel_transform_reduce(pool, values, std::string("> "), std::plus<>(), digit);
            EXPECT_EQ(joined,
                      std::transform_reduce(values.begin(), values.end(), std::string("> "), std::plus<>(), digit));
        }
    });
}

/// Maps x to factor * x + offset: an operation that is associative, but not commutative.
struct Affine {
    unsigned factor = 1;
    unsigned offset = 0;
    bool operator==(const Affine&) const = default;
};

Affine then(const Affine& first, const Affine& second) {
    return {first.factor * second.factor, first.offset * second.factor + second.offset};
}

std::vector<Affine> maps(std::size_t size) {
    std::vector<Affine> values(size);
    testing::Dice dice(size);
    for (Affine& value : values) {
        value = {static_cast<unsigned>(dice(100)) * 2 + 1, static_cast<unsigned>(dice(100))};
    }
    return values;
}

TEST_P(Parallel, ScansAreThoseOfTheStandardLibrary) {
    with_pool([](ThreadPoolExecutor& pool) {
        for (const std::size_t size : sizes) {
            const std::vector<Affine> values = maps(size);
            std::vector<Affine> sums(size);
            std::vector<Affine> expected(size);
            EXPECT_EQ(parallel_inclusive_scan(pool, values, sums.begin(), then), sums.end());
            std::inclusive_scan(values.begin(), values.end(), expected.begin(), then);
            EXPECT_EQ(sums, expected) << "inclusive, of " << size;
            EXPECT_EQ(parallel_exclusive_scan(pool, values, sums.begin(), Affine{3, 4}, then), sums.end());
            std::exclusive_scan(values.begin(), values.end(), expected.begin(), Affine{3, 4}, then);
            EXPECT_EQ(sums, expected) << "exclusive, of " << size;
        }
    });
}

TEST_P(Parallel, ScansMayWriteOverWhatTheyRead) {
    with_pool([](ThreadPoolExecutor& pool) {
        std::vector<long> from_one(200'000);
        std::iota(from_one.begin(), from_one.end(), 1);
        std::vector<long> from_ten(from_one.size());
        std::iota(from_ten.begin(), from_ten.end(), 10);
        for (int round = 0; round < testing::rounds(20); ++round) {
            std::vector<long> values(from_one.size(), 1);
            parallel_inclusive_scan(pool, values, values.begin());
            ASSERT_TRUE(values == from_one);
            std::ranges::fill(values, 1);
            parallel_exclusive_scan(pool, values, values.begin(), 10L);
            ASSERT_TRUE(values == from_ten);
        }
    });
}

TEST_P(Parallel, AScanThrowsWhatItsOperationThrows) {
    with_pool([](ThreadPoolExecutor& pool) {
        const std::vector<int> values(100'000, 1);
        std::vector<int> sums(values.size());
        std::atomic<int> left{50'000};
        EXPECT_THROW(parallel_inclusive_scan(pool, values, sums.begin(),
                                             [&left](int a, int b) {
                                                 if (--left == 0) throw std::out_of_range("added too often");
                                                 return a + b;
                                             }),
                     std::out_of_range);
    });
}

TEST_P(Parallel, FindIfFindsTheFirst) {
    with_pool([](ThreadPoolExecutor& pool) {
        testing::Dice dice(1);
        for (int round = 0; round < testing::rounds(200); ++round) {
            std::vector<int> values(1 + dice(20'000));
            const std::size_t matches = dice(3);
            for (std::size_t i = 0; i < matches; ++i) values[dice(static_cast<std::uint32_t>(values.size()))] = 1;
            const auto is_one = [](int value) { return value == 1; };
            EXPECT_EQ(parallel_find_if(pool, values, is_one), std::ranges::find_if(values, is_one));
        }
        const std::vector<int> none;
        EXPECT_EQ(parallel_find_if(pool, none, [](int) { return true; }), none.end());
    });
}

TEST_P(Parallel, FindIfLooksNoFurtherThanItMust) {
    with_pool([](ThreadPoolExecutor& pool) {
        constexpr int size = 2'000'000;
        std::atomic<int> looked_at{0};
        std::atomic<bool> is_found{false};
        std::vector<int> all(size);
        std::iota(all.begin(), all.end(), 0);
        const auto found = parallel_find_if(pool, all, [&](int i) {
            ++looked_at;
            if (i == 100) is_found = true;
            while (i > 100 && !is_found) std::this_thread::yield();  // the match is among what is begun with
            return i >= 100;
        });
        EXPECT_EQ(*found, 100);
        EXPECT_LT(looked_at, size / 10);
    });
}

TEST_P(Parallel, FindIfThrowsWhatThePredicateThrows) {
    with_pool([](ThreadPoolExecutor& pool) {
        const std::vector<int> values(10'000);
        std::atomic<int> left{1};
        const auto fail_once = [&left](int) -> bool {
            if (left.fetch_sub(1) == 1) throw std::out_of_range("a value");
            return false;
        };
        EXPECT_THROW(parallel_find_if(pool, values, fail_once), std::out_of_range);
    });
}

/// A number, and which range it comes from.
using Labelled = std::pair<int, char>;

TEST_P(Parallel, MergeKeepsTheOrderOfEquals) {
    with_pool([](ThreadPoolExecutor& pool) {
        const auto labelled = [](std::size_t size, char label) {
            std::vector<int> values = numbers(size);
            std::ranges::sort(values);
            std::vector<Labelled> result;
            result.reserve(size);
            for (const int value : values) result.emplace_back(value / 10, label);
            return result;
        };
        const auto less = [](const Labelled& a, const Labelled& b) { return a.first < b.first; };
        for (const std::size_t left : sizes) {
            for (const std::size_t right : sizes) {
                const auto a = labelled(left, 'a');
                const auto b = labelled(right, 'b');
                std::vector<Labelled> merged(left + right);
                std::vector<Labelled> expected(left + right);
                EXPECT_EQ(parallel_merge(pool, a, b, merged.begin(), less), merged.end());
                std::merge(a.begin(), a.end(), b.begin(), b.end(), expected.begin(), less);
                ASSERT_EQ(merged, expected) << left << " and " << right;
            }
        }
    });
}

INSTANTIATE_TEST_SUITE_P(Workers, Parallel, ::testing::Values(0, 1, 2, 4));

TEST(ParallelAlgorithms, RunInTheDefaultPoolWithoutAnother) {
    std::vector<int> values = numbers(5000);
    std::vector<int> others(values.size());
    parallel_transform(values, others.begin(), std::negate<>());
    parallel_transform(values, others, others.begin(), std::plus<>());
    EXPECT_EQ(parallel_transform_reduce(others, 0, std::plus<>(), std::identity()), 0);
    parallel_inclusive_scan(values, others.begin());
    EXPECT_EQ(others.back(), std::accumulate(values.begin(), values.end(), 0));
    parallel_exclusive_scan(values, others.begin(), 0);
    EXPECT_EQ(others.front(), 0);
    EXPECT_EQ(parallel_find_if(values, [](int value) { return value < 0; }), values.end());
    std::ranges::sort(values);
    std::vector<int> both(2 * values.size());
    parallel_merge(values, values, both.begin());
    EXPECT_TRUE(std::ranges::is_sorted(both));
}

}  // namespace
}  // namespace threadwise
