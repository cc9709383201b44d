// What parallel_sort() leaves behind when a comparison or a move throws: the same elements, each of them once.

#include "threadwise/parallel_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/detail/parallel/sort.hpp"

namespace threadwise {
namespace {

using Values = std::vector<std::unique_ptr<int>>;

Values shuffled(int count) {
    Values values;
    for (int i = 0; i < count; ++i) values.push_back(std::make_unique<int>(i));
    std::ranges::shuffle(values, std::mt19937(static_cast<unsigned>(count)));
    return values;
}

/// Whether they are 0 to `count` - 1, in any order, and none was moved away.
bool are_all_there(const Values& values) {
    std::vector<bool> seen(values.size());
    for (const auto& value : values) {
        if (value == nullptr || seen.at(static_cast<std::size_t>(*value))) return false;
        seen.at(static_cast<std::size_t>(*value)) = true;
    }
    return true;
}

/// Compares until it has done so `left` times.
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

INSTANTIATE_TEST_SUITE_P(Workers, ParallelSort, ::testing::Values(1, 2, 8));

/// The orders that quicksorts are bad at, and some others.
std::vector<std::vector<int>> inputs(int size) {
    std::vector<std::vector<int>> all(6, std::vector<int>(static_cast<std::size_t>(size)));
    std::mt19937 random(static_cast<unsigned>(size));
    for (int i = 0; i < size; ++i) {
        const auto at = static_cast<std::size_t>(i);
        all[0][at] = i;
        all[1][at] = size - i;
        all[2][at] = 7;
        all[3][at] = static_cast<int>(random() % 3);
        all[4][at] = static_cast<int>(random());
        all[5][at] = std::min(i, size - i);  // an organ pipe
    }
    return all;
}

TEST(SortKeepingAll, SortsAnything) {
    std::less<> less;
    for (const int size : {0, 1, 2, 3, 16, 17, 18, 100, 1000, 30'000}) {
        for (std::vector<int> values : inputs(size)) {
            std::vector<int> expected = values;
            std::ranges::sort(expected);
            std::vector<int> by_heap = values;
            detail::sort_keeping_all(values.begin(), values.end(), less);
            EXPECT_EQ(values, expected) << size;
            detail::heap_sort(by_heap.begin(), by_heap.end(), less);
            EXPECT_EQ(by_heap, expected) << size;
        }
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
