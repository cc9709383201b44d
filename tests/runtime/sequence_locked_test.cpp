#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "runtime/records/wait_site.hpp"
#include "support/threads.hpp"

namespace threadwise::runtime {
namespace {

struct Big {
    std::array<std::uint64_t, 11> words{};
    std::uint8_t odd_end = 0;
};

Big all(std::uint64_t number) {
    Big big;
    big.words.fill(number);
    big.odd_end = static_cast<std::uint8_t>(number);
    return big;
}

TEST(SequenceLocked, ReadsWhatWasWrittenLast) {
    SequenceLocked<Big> value;
    EXPECT_EQ(value.read().words[10], 0U);
    for (std::uint64_t i = 1; i <= 3; ++i) {
        value.write(all(i));
        EXPECT_EQ(value.read().words[10], i);
        EXPECT_EQ(value.read().odd_end, i);
    }
}

TEST(SequenceLocked, StressReadersNeverSeeHalfAValue) {
    SequenceLocked<Big> value;
    const auto last = static_cast<std::uint64_t>(testing::rounds(200'000));
    testing::run_together(3, [&](std::size_t i) {
        if (i == 0) {
            for (std::uint64_t number = 1; number <= last; ++number) value.write(all(number));
            return;
        }
        std::uint64_t newest = 0;
        while (newest != last) {
            const Big big = value.read();
            for (const std::uint64_t word : big.words) ASSERT_EQ(word, big.words[0]);
            ASSERT_EQ(big.odd_end, static_cast<std::uint8_t>(big.words[0]));
            ASSERT_GE(big.words[0], newest) << "time went backwards";
            newest = big.words[0];
        }
    });
}

}  // namespace
}  // namespace threadwise::runtime
