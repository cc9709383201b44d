// parallel_sort() keeps all elements, each once, when a comparison or a move throws.

#include "threadwise/parallel_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/detail/sort/heap_sort.hpp"
#include "threadwise/detail/sort/sort.hpp"

namespace threadwise {
namespace {

using Values = std::vector<std::unique_ptr<int>>;

Values shuffled(int count) {
    Values values;
    for (int i = 0; i < count; ++i) values.push_back(std::make_unique<int>(i));
    std::ranges::shuffle(values, std::mt19937(static_cast<unsigned>(count)));
    return values;
}

/// Whether they are the numbers from 0 to the size less 1, in any order, and none was moved away.
bool are_all_there(const Values& values) {
    std::vector<bool> seen(values.size());
    for (const auto& value : values) {
        if (value == nullptr || seen.at(static_cast<std::size_t>(*value))) return false;
        seen.at(static_cast<std::size_t>(*value)) = true;
    }
    return true;
}

/// Throws once it has compared `left` times.
struct LimitedLess {
    std::atomic<long>* left;

    bool operator()(const std::unique_ptr<int>& a, const std::unique_ptr<int>& b) const {
        if ((*left)-- <= 0) throw std::out_of_range("compared too often");
        return *a < *b;
    }
};

class ParallelSort : public ::testing::TestWithParam<int> {
protected:
    ThreadPoolExecutor pool{GetParam()};
};

TEST_P(ParallelSort, KeepsAllElementsWheneverAComparisonThrows) {
    testing::Dice dice(static_cast<std::size_t>(GetParam()));
    constexpr int count = 40'000;
    Values values = shuffled(count);
    for (int round = 0; round < testing::rounds(100); ++round) {
        std::atomic<long> left{static_cast<long>(dice(700'000))};
        std::ranges::shuffle(values, std::mt19937(static_cast<unsigned>(round)));
        try {
            parallel_sort(pool, values, LimitedLess{&left});
        } catch (const std::out_of_range&) {
            ASSERT_LT(left, 0);
        }
        ASSERT_TRUE(are_all_there(values)) << "in round " << round;
    }
    parallel_sort(pool, values, [](const auto& a, const auto& b) { return *a < *b; });
    for (int i = 0; i < count; ++i) ASSERT_EQ(*values[static_cast<std::size_t>(i)], i);
}

TEST_P(ParallelSort, EndsSoonIfEachComparisonThrows) {
    Values values = shuffled(100'000);
    std::atomic<long> left{0};
    EXPECT_THROW(parallel_sort(pool, values, LimitedLess{&left}), std::exception);
    EXPECT_GT(left, -100) << "each piece compares once";
    EXPECT_TRUE(are_all_there(values));
}

/// A number whose moves throw once `moves_left` of them have been made, and change nothing then.
class Fragile {
public:
    static inline std::atomic<long> moves_left{0};
    static inline std::atomic<long> alive{0};

    explicit Fragile(int number) : number_(number) { ++alive; }
    Fragile(Fragile&& other) : number_(other.number_) {  // NOLINT(bugprone-exception-escape): that is what is tested
        count_move();
        other.number_ = -1;
        ++alive;
    }
    Fragile& operator=(Fragile&& other) {  // NOLINT(bugprone-exception-escape)
        count_move();
        number_ = std::exchange(other.number_, -1);
        return *this;
    }
    ~Fragile() { --alive; }

    int number() const { return number_; }
    bool operator<(const Fragile& other) const { return number_ < other.number_; }

private:
    static void count_move() {
        if (--moves_left == 0) throw std::out_of_range("moved too often");
    }

    int number_;
};

TEST_P(ParallelSort, KeepsAllElementsIfAMoveThrows) {
    constexpr int count = 10'000;
    std::vector<int> seed(count);
    std::iota(seed.begin(), seed.end(), 0);
    for (const long moves : {1, 2, 3, 4, 5, 100, 5'000, 10'000, 100'000'000}) {
        std::ranges::shuffle(seed, std::mt19937(static_cast<unsigned>(moves)));
        std::deque<Fragile> values;
        for (const int number : seed) values.emplace_back(number);
        Fragile::moves_left = moves;
        bool threw = false;
        try {
            parallel_sort(pool, values);
        } catch (const std::out_of_range&) {
            threw = true;
        }
        EXPECT_EQ(threw, Fragile::moves_left <= 0);
        EXPECT_EQ(threw, !std::ranges::is_sorted(values, {}, &Fragile::number));
        EXPECT_EQ(Fragile::alive, count);
        std::vector<int> numbers;
        for (const Fragile& value : values) numbers.push_back(value.number());
        std::ranges::sort(numbers);
        for (int i = 0; i < count; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
    }
    EXPECT_EQ(Fragile::alive, 0);
}

TEST_P(ParallelSort, KeepsAllElementsOfPatternsWheneverAComparisonThrows) {
    testing::Dice dice(static_cast<std::size_t>(GetParam()) + 100);
    constexpr int count = 3'000;
    for (int round = 0; round < testing::rounds(200); ++round) {
        Values values;
        for (int i = 0; i < count; ++i) values.push_back(std::make_unique<int>(i));
        const auto part = static_cast<std::ptrdiff_t>(dice(count));
        if (dice(2) == 0) std::reverse(values.begin(), values.begin() + part);
        if (dice(2) == 0) std::rotate(values.begin(), values.begin() + part, values.end());
        if (dice(2) == 0) std::shuffle(values.end() - 50, values.end(), std::mt19937(dice(1000)));
        std::atomic<long> left{static_cast<long>(dice(2 * count))};
        try {
            parallel_sort(pool, values, LimitedLess{&left});
        } catch (const std::out_of_range&) {
            ASSERT_LT(left, 0);
        }
        ASSERT_TRUE(are_all_there(values)) << "in round " << round;
    }
}

TEST_P(ParallelSort, SortsLargeRangesOfAnyKind) {
    std::mt19937_64 random(3);
    std::vector<std::uint64_t> numbers(600'000);
    for (auto& number : numbers) number = random();
    std::vector<std::uint64_t> few(600'000);
    for (auto& number : few) number = random() % 16;
    std::vector<std::uint64_t> nearly(600'000);
    std::iota(nearly.begin(), nearly.end(), 0U);
    for (int i = 0; i < 5'000; ++i) std::swap(nearly[random() % nearly.size()], nearly[random() % nearly.size()]);
    std::vector<std::uint64_t> runs(600'000);
    for (std::size_t i = 0; i < runs.size(); ++i) runs[i] = i % 300'000;
    std::vector<std::uint64_t> constant(600'000, 5);
    for (auto* values : {&numbers, &few, &nearly, &runs, &constant}) {
        std::vector<std::uint64_t> expected = *values;
        std::ranges::sort(expected);
        std::vector<std::uint64_t> descending = *values;
        std::deque<std::uint64_t> elsewhere(values->begin(), values->end());
        parallel_sort(pool, *values);
        EXPECT_EQ(*values, expected);
        parallel_sort(pool, descending, std::greater<>());
        EXPECT_TRUE(std::equal(descending.rbegin(), descending.rend(), expected.begin()));
        parallel_sort(pool, elsewhere, [](auto a, auto b) { return a < b; });
        EXPECT_TRUE(std::ranges::equal(elsewhere, expected));
    }
}

INSTANTIATE_TEST_SUITE_P(Workers, ParallelSort, ::testing::Values(1, 2, 8));

/// Orders that sorts are bad at or that they notice, and some others.
std::vector<std::vector<int>> inputs(int size) {
    std::vector<std::vector<int>> all(16, std::vector<int>(static_cast<std::size_t>(size)));
    std::mt19937 random(static_cast<unsigned>(size));
    const auto below = [&random](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
    for (int i = 0; i < size; ++i) {
        const auto at = static_cast<std::size_t>(i);
        all[0][at] = i;
        all[1][at] = size - i;
        all[2][at] = 7;
        all[3][at] = below(3);
        all[4][at] = static_cast<int>(random());
        all[5][at] = std::min(i, size - i);                    // an organ pipe
        all[6][at] = i < size - size / 50 ? i : below(size);   // sorted, and something appended
        all[7][at] = i < size / 50 ? below(size) : i;          // sorted, and something put before
        all[8][at] = i < size - size / 50 ? -i : below(size);  // reversed, and something appended
        all[9][at] = i % 100 == 7 ? below(size) : i;           // one in a hundred out of order
        all[10][at] = i % (size / 7 + 1);                      // seven runs
        all[11][at] = i % 200 < 12 ? size - i : i;             // short stretches of their own order
        all[12][at] = i < size / 2 ? i : i - size / 2;         // two runs side by side
        all[13][at] = i < size / 2 ? size - i : size / 2 - i;  // two that descend
        all[14][at] = i / 3;
        all[15][at] = i + below(8);
    }
    return all;
}

TEST(SortKeepingAll, SortsAnything) {
    std::less<> less;
    for (const int size : {0, 1, 2, 3, 7, 8, 16, 17, 18, 31, 32, 33, 64, 100, 1000, 5000, 30'000}) {
        for (std::vector<int> values : inputs(size)) {
            std::vector<int> expected = values;
            std::ranges::sort(expected);
            std::vector<int> by_heap = values;
            std::deque<int> elsewhere(values.begin(), values.end());
            std::vector<int> by_function = values;
            detail::sort_keeping_all(values.begin(), values.end(), less);
            EXPECT_EQ(values, expected) << size;
            detail::heap_sort(by_heap.begin(), by_heap.end(), less);
            EXPECT_EQ(by_heap, expected) << size;
            detail::sort_keeping_all(elsewhere.begin(), elsewhere.end(), less);
            EXPECT_TRUE(std::ranges::equal(elsewhere, expected)) << size;
            auto greater = [](int a, int b) { return a > b; };
            detail::sort_keeping_all(by_function.begin(), by_function.end(), greater);
            EXPECT_TRUE(std::equal(by_function.rbegin(), by_function.rend(), expected.begin())) << size;
        }
    }
}

TEST(SortKeepingAll, TakesLittleTimeForWhatIsNearlySorted) {
    constexpr int size = 30'000;
    const auto all = inputs(size);
    for (const std::size_t pattern : {0U, 1U, 2U, 5U, 6U, 7U, 8U, 12U, 13U, 14U}) {
        std::vector<int> values = all[pattern];
        long comparisons = 0;
        auto less = [&comparisons](int a, int b) {
            ++comparisons;
            return a < b;
        };
        detail::sort_keeping_all(values.begin(), values.end(), less);
        EXPECT_LT(comparisons, 3L * size) << pattern;
    }
}

/// Whether all values are there after they were sorted. (The sanitizers see what is read outside of them.)
template <class Less>
bool keeps_all(std::vector<int> values, Less less) {
    std::vector<int> sorted = values;
    std::ranges::sort(sorted);
    try {
        detail::sort_keeping_all(values.begin(), values.end(), less);
    } catch (const std::out_of_range&) {}
    std::ranges::sort(values);
    return values == sorted;
}

TEST(SortKeepingAll, StaysInsideIfTheComparisonContradictsItself) {
    std::mt19937 random(1);
    for (const int size : {2, 8, 9, 20, 31, 32, 33, 70, 1000, 9000}) {
        for (const std::vector<int>& values : inputs(size)) {
            EXPECT_TRUE(keeps_all(values, [](int, int) { return true; })) << size;
            EXPECT_TRUE(keeps_all(values, [](int, int) { return false; })) << size;
            EXPECT_TRUE(keeps_all(values, [&](int, int) { return random() % 2 == 0; })) << size;
            EXPECT_TRUE(keeps_all(values, [](int, int) noexcept { return true; })) << size;
            EXPECT_TRUE(keeps_all(values, [](int, int) noexcept { return false; })) << size;
            EXPECT_TRUE(keeps_all(values, [&](int, int) noexcept { return random() % 2 == 0; })) << size;
            EXPECT_TRUE(keeps_all(values, [](int a, int b) noexcept { return a <= b; })) << size;
            EXPECT_TRUE(keeps_all(values, [&](int a, int b) noexcept { return random() % 16 == 0 || a < b; })) << size;
        }
    }
}

TEST(SortKeepingAll, KeepsAllNumbersWheneverAComparisonThrows) {
    testing::Dice dice(1);
    for (const int size : {3, 31, 33, 200, 9'000}) {
        for (const std::vector<int>& values : inputs(size)) {
            for (int round = 0; round < 20; ++round) {
                auto left = static_cast<long>(dice(static_cast<std::uint32_t>(size) * 8));
                EXPECT_TRUE(keeps_all(values, [&left](int a, int b) {
                    if (--left < 0) throw std::out_of_range("compared too often");
                    return a < b;
                })) << size;
            }
        }
    }
}

TEST(SortKeepingAll, KeepsNumbersThatAreNone) {
    std::mt19937 random(1);
    std::vector<double> values(20'000);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = i % 3 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(random());
    }
    std::less<> less;
    for (int round = 0; round < 3; ++round) {
        detail::sort_keeping_all(values.begin(), values.end(), less);
        EXPECT_EQ(std::ranges::count_if(values, [](double value) { return value != value; }), 6667);
    }
}

TEST(SortKeepingAll, TakesFewComparisonsForAnyInput) {
    // Makes the median of three useless: McIlroy, "A killer adversary for quicksort", 1999.
    constexpr int count = 20'000;
    std::vector<int> values(count, count);
    int solid = 0;
    int candidate = 0;
    long comparisons = 0;
    auto less = [&](int a, int b) {
        ++comparisons;
        int& of_a = values[static_cast<std::size_t>(a)];
        int& of_b = values[static_cast<std::size_t>(b)];
        if (of_a == count && of_b == count) (a == candidate ? of_a : of_b) = solid++;
        if (of_a == count) candidate = a;
        if (of_b == count) candidate = b;
        return of_a < of_b;
    };
    std::vector<int> order(count);
    std::iota(order.begin(), order.end(), 0);
    detail::sort_keeping_all(order.begin(), order.end(), less);
    EXPECT_LT(comparisons, 100L * count);
    EXPECT_TRUE(std::ranges::is_sorted(order, {}, [&](int i) { return values[static_cast<std::size_t>(i)]; }));
}

TEST(SortKeepingAll, SortsPackedBits) {
    std::vector<bool> bits(1000);
    for (std::size_t i = 0; i < bits.size(); i += 3) bits[i] = true;
    std::less<> less;
    detail::sort_keeping_all(bits.begin(), bits.end(), less);
    EXPECT_TRUE(std::is_sorted(bits.begin(), bits.end()));
    EXPECT_EQ(std::count(bits.begin(), bits.end(), true), 334);
}

}  // namespace
}  // namespace threadwise
