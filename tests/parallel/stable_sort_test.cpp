// parallel_stable_sort() keeps the order of equal elements, and all elements when a comparison throws. And the merge
// that it uses when there is no memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/parallel_sort.hpp"

namespace threadwise {
namespace {

/// The key to sort by, and the position before the sort.
using Entry = std::pair<int, std::size_t>;

bool by_key(const Entry& a, const Entry& b) { return a.first < b.first; }

/// `size` entries with random keys from 0 to `distinct` - 1.
std::vector<Entry> entries(std::size_t size, std::uint32_t distinct) {
    std::vector<Entry> values;
    testing::Dice dice(size + distinct);
    for (std::size_t i = 0; i < size; ++i) values.emplace_back(static_cast<int>(dice(distinct)), i);
    return values;
}

/// Whether they are sorted by key, and those with equal keys by their position before.
bool is_stably_sorted(const std::vector<Entry>& values) { return std::ranges::is_sorted(values); }

class ParallelStableSort : public ::testing::TestWithParam<int> {
protected:
    ThreadPoolExecutor pool{GetParam()};
};

TEST_P(ParallelStableSort, KeepsTheOrderOfEquals) {
    for (const std::size_t size : {0U, 1U, 2U, 3U, 24U, 25U, 1000U, 5000U, 300'000U}) {
        for (const std::uint32_t distinct : {1U, 2U, 16U, 1'000'000U}) {
            std::vector<Entry> values = entries(size, distinct);
            parallel_stable_sort(pool, values, by_key);
            ASSERT_TRUE(is_stably_sorted(values)) << size << " entries, " << distinct << " keys";
        }
    }
}

// Ranges that consist of sorted runs, which are merged as they are.
TEST_P(ParallelStableSort, KeepsTheOrderOfEqualsInRunsToo) {
    std::vector<Entry> values;
    for (std::size_t i = 0; i < 50'000; ++i) values.emplace_back(static_cast<int>(50'000 - i) / 4, i);
    parallel_stable_sort(pool, values, by_key);
    EXPECT_TRUE(is_stably_sorted(values));
    for (std::size_t i = 0; i < 50'000; ++i) values[i] = {static_cast<int>(i % 25'000), i};
    parallel_stable_sort(pool, values, by_key);
    EXPECT_TRUE(is_stably_sorted(values));
}

TEST_P(ParallelStableSort, KeepsAllElementsWheneverAComparisonThrows) {
    std::vector<std::unique_ptr<int>> values;
    values.reserve(20'000);
    for (int i = 0; i < 20'000; ++i) values.push_back(std::make_unique<int>(i));
    testing::Dice dice(7);
    for (int round = 0; round < testing::rounds(50); ++round) {
        std::ranges::shuffle(values, std::mt19937(static_cast<unsigned>(round)));
        std::atomic<long> left{static_cast<long>(dice(300'000))};
        const auto less = [&left](const auto& a, const auto& b) {
            if (--left == 0) throw std::out_of_range("compared too often");
            return *a < *b;
        };
        try {
            parallel_stable_sort(pool, values, less);
        } catch (const std::out_of_range&) {
            ASSERT_LE(left, 0);
        }
        ASSERT_TRUE(std::ranges::none_of(values, [](const auto& value) { return value == nullptr; }));
    }
    parallel_stable_sort(pool, values, [](const auto& a, const auto& b) { return *a < *b; });
    for (int i = 0; i < 20'000; ++i) ASSERT_EQ(*values[static_cast<std::size_t>(i)], i);
}

INSTANTIATE_TEST_SUITE_P(Workers, ParallelStableSort, ::testing::Values(1, 2, 4));

/// A type whose moves are not noexcept.
struct Name {
    Name(std::string name, int before) : text(std::move(name)), position(before) {}
    Name(Name&& other) noexcept(false) : text(std::move(other.text)), position(other.position) {}
    Name& operator=(Name&& other) noexcept(false) {
        text = std::move(other.text);
        position = other.position;
        return *this;
    }
    ~Name() = default;

    std::string text;
    int position;
};

TEST(ParallelStableSortOf, ValuesWhoseMovesMayThrowIsStable) {
    std::vector<Name> names;
    names.reserve(5000);
    testing::Dice dice(3);
    for (int i = 0; i < 5000; ++i) names.emplace_back(std::to_string(dice(50)), i);
    parallel_stable_sort(names, [](const Name& a, const Name& b) { return a.text < b.text; });
    EXPECT_TRUE(std::ranges::is_sorted(names, [](const Name& a, const Name& b) {
        return std::tie(a.text, a.position) < std::tie(b.text, b.position);
    }));
}

TEST(MergeInPlace, IsStableAndComplete) {
    testing::Dice dice(5);
    for (int round = 0; round < testing::rounds(200); ++round) {
        std::vector<Entry> values = entries(dice(200), 1 + dice(20));
        const auto middle =
            values.begin() + static_cast<std::ptrdiff_t>(dice(static_cast<std::uint32_t>(values.size()) + 1));
        std::stable_sort(values.begin(), middle, by_key);
        std::stable_sort(middle, values.end(), by_key);
        detail::merge_in_place(values.begin(), middle, values.end(), by_key);
        ASSERT_TRUE(is_stably_sorted(values));
    }
}

}  // namespace
}  // namespace threadwise
