// parallel_for() over integers of any type, and over more of them than half of the type has.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "threadwise/parallel_for.hpp"

namespace threadwise {
namespace {

template <class First, class Last>
concept CanCount = requires(First first, Last last) {
    parallel_for(first, last, [](auto) {});
};

static_assert(CanCount<int, int> && CanCount<int, std::size_t> && CanCount<std::int8_t, long>);
static_assert(!CanCount<int, double> && !CanCount<double, int> && !CanCount<int, void*>);

/// Thrown to end a loop that would be too long.
struct Enough : std::exception {};

/// How many calls there are, and whether the first indices that are seen lie in the range.
template <class First, class Last>
std::size_t count_calls(First first, Last last) {
    std::atomic<std::size_t> calls{0};
    parallel_for(first, last, [&](auto i) {
        static_assert(std::is_same_v<decltype(i), std::common_type_t<First, Last>>);
        if (std::cmp_less(i, first) || std::cmp_greater_equal(i, last)) throw std::out_of_range("an index");
        ++calls;
    });
    return calls;
}

TEST(ParallelForIndices, AreOfTheCommonType) {
    EXPECT_EQ(count_calls(0, std::size_t{100}), 100U);
    EXPECT_EQ(count_calls(std::uint8_t{0}, 1000), 1000U);
    EXPECT_EQ(count_calls(short{-5}, 5L), 10U);
    EXPECT_EQ(count_calls(-5L, 5U), 10U);
    enum { ten = 10 };
    std::atomic<int> calls{0};
    parallel_for(0, ten, [&](int) { ++calls; });
    EXPECT_EQ(calls, 10);
}

enum Unscoped : std::uint8_t { third = 3 };

TEST(ParallelForIndices, MayBeOfAnyIntegralTypeInAPoolOfOnesOwn) {
    ThreadPoolExecutor pool(2);
    const auto sum = [&pool](auto first, auto last) {
        std::atomic<long> total{0};
        parallel_for(pool, first, last, [&](auto i) {
            static_assert(std::is_same_v<decltype(i), std::common_type_t<decltype(first), decltype(last)>>);
            total += static_cast<long>(i);
        });
        return total.load();
    };
    EXPECT_EQ(sum(false, true), 0);
    EXPECT_EQ(sum('a', 'd'), 'a' + 'b' + 'c');
    EXPECT_EQ(sum(u'a', U'd'), 'a' + 'b' + 'c');
    EXPECT_EQ(sum(L'a', L'd'), 'a' + 'b' + 'c');
    EXPECT_EQ(sum(std::int8_t{-128}, std::int8_t{127}), -255);
    EXPECT_EQ(sum(short{-2}, 3LL), 0);
    EXPECT_EQ(sum(0, third), 3);
    EXPECT_EQ(sum(5, 2), 0);
    EXPECT_THROW(sum(-1, 2U), ValueError);
}

TEST(ParallelForIndices, AreNotCutOffWhereTheLastOneIsWider) {
    const std::size_t wide = (std::size_t{1} << 32) + 5;
    std::atomic<bool> thrown{false};  // once: of two the loop makes an ExceptionGroup
    EXPECT_THROW(parallel_for(0, wide,
                              [&](std::size_t i) {
                                  // 5 calls would be what is left of `wide` in an int
                                  if (i >= 5 && !thrown.exchange(true)) throw Enough();
                              }),
                 Enough);
    EXPECT_EQ(count_calls(static_cast<long>(wide) - 3, wide), 3U);
}

TEST(ParallelForIndices, OfMixedSignsAreRightOrRefused) {
    EXPECT_EQ(count_calls(0U, -1), 0U);
    EXPECT_EQ(count_calls(std::size_t{3}, -1), 0U);
    EXPECT_EQ(count_calls(-3, std::uint8_t{3}), 6U);
    EXPECT_THROW(parallel_for(-1, std::size_t{3}, [](std::size_t) {}), ValueError);
    EXPECT_THROW(parallel_for(-1, 3U, [](unsigned) {}), ValueError);
}

template <class Index>
class ParallelForWholeType : public testing::Test {};
using SmallTypes = testing::Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t>;
TYPED_TEST_SUITE(ParallelForWholeType, SmallTypes);

TYPED_TEST(ParallelForWholeType, VisitsEachIndexOnce) {
    constexpr TypeParam least = std::numeric_limits<TypeParam>::min();
    constexpr TypeParam greatest = std::numeric_limits<TypeParam>::max();
    std::vector<std::atomic<int>> visits(static_cast<std::size_t>(greatest - least) + 1);
    parallel_for(least, greatest, [&](TypeParam i) { ++visits[static_cast<std::size_t>(i - least)]; });
    for (std::size_t i = 0; i + 1 < visits.size(); ++i) ASSERT_EQ(visits[i], 1) << i;
    EXPECT_EQ(visits.back(), 0) << "the last one is not part of the range";
}

template <class Index>
class ParallelForLongRange : public testing::Test {};
using LargeTypes = testing::Types<int, unsigned, long, unsigned long>;
TYPED_TEST_SUITE(ParallelForLongRange, LargeTypes);

TYPED_TEST(ParallelForLongRange, BeginsAtItsBeginning) {
    constexpr TypeParam least = std::numeric_limits<TypeParam>::min();
    constexpr TypeParam greatest = std::numeric_limits<TypeParam>::max();
    ThreadPoolExecutor pool(1);  // whose one worker does not split the range
    const auto run = pool.submit([&] {
        TypeParam expected = least;
        parallel_for(least, greatest, [&](TypeParam i) {
            EXPECT_EQ(i, expected);
            if (++expected == static_cast<TypeParam>(least + 1000)) throw Enough();
        });
    });
    EXPECT_THROW(run.result(), Enough);
}

TYPED_TEST(ParallelForLongRange, IsSplitInItsMiddle) {
    constexpr TypeParam least = std::numeric_limits<TypeParam>::min();
    constexpr TypeParam greatest = std::numeric_limits<TypeParam>::max();
    ThreadPoolExecutor pool(2);
    std::atomic<bool> upper_half{false};
    const auto run = pool.submit([&] {
        parallel_for(least, greatest, [&](TypeParam i) {
            if (i > least / 2 + greatest / 2) upper_half = true;
            if (upper_half) throw Enough();
        });
    });
    EXPECT_THROW(run.result(), std::exception) << "Enough, or an ExceptionGroup of it";
}

}  // namespace
}  // namespace threadwise
