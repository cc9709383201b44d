#include "runtime/waiting/spin.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace threadwise::runtime {
namespace {

/// How many waits in a row are told not to spin.
int waits_without_spin(SpinMemory& memory) {
    int waits = 0;
    while (!memory.worth_trying()) ++waits;
    return waits;
}

TEST(SpinMemory, TriesAtFirst) {
    SpinMemory memory;
    EXPECT_TRUE(memory.worth_trying());
}

TEST(SpinMemory, GivesUpLongerWithEachFailureUpToALimit) {
    SpinMemory memory;
    memory.wasted();
    EXPECT_TRUE(memory.worth_trying()) << "one failure uses up the first credit, no more";
    int last = 0;
    for (int failure = 0; failure < 20; ++failure) {
        memory.wasted();
        const int waits = waits_without_spin(memory);
        EXPECT_GE(waits, last);
        EXPECT_LE(waits, 100);
        last = waits;
    }
    EXPECT_EQ(last, 100) << "a place where spinning never pays wastes one spin in a hundred waits";
}

TEST(SpinMemory, ForgivesAsSoonAsASpinHasPaid) {
    SpinMemory memory;
    for (int failure = 0; failure < 10; ++failure) memory.wasted();
    waits_without_spin(memory);
    memory.paid();
    EXPECT_TRUE(memory.worth_trying());
    memory.wasted();
    memory.wasted();
    EXPECT_LE(waits_without_spin(memory), 2) << "the pauses begin anew";
}

TEST(SpinMemory, ForgivesAFewFailuresAmongMuchSuccess) {
    SpinMemory memory;
    for (int success = 0; success < 100; ++success) memory.paid();
    for (int failure = 0; failure < 4; ++failure) {
        EXPECT_TRUE(memory.worth_trying());
        memory.wasted();
    }
}

TEST(SpinUntil, StopsAsSoonAsItIsReady) {
    if (platform::core_count() == 1) GTEST_SKIP() << "nobody spins on one core";
    SpinMemory memory;
    int polls = 0;
    EXPECT_TRUE(spin_until(memory, platform::never, {2}, [&] { return ++polls == 3; }));
    EXPECT_EQ(polls, 3);
}

TEST(SpinUntil, GivesUpInTheEnd) {
    SpinMemory memory;
    EXPECT_FALSE(spin_until(memory, platform::never, {2}, [] { return false; }));
    EXPECT_FALSE(spin_until(memory, platform::never, {64}, [] { return false; }));
    EXPECT_FALSE(spin_until(memory, platform::never, {64, std::chrono::microseconds(1)}, [] { return false; }));
}

TEST(SpinUntil, GivesUpAtTheDeadline) {
    if (platform::core_count() == 1) GTEST_SKIP() << "nobody spins on one core";
    SpinMemory memory;
    int polls = 0;
    EXPECT_FALSE(spin_until(memory, platform::now() - std::chrono::seconds(1), {2}, [&] { return ++polls == 0; }));
    EXPECT_LE(polls, 8) << "the first look at the clock is enough";
}

TEST(SpinUntil, DoesNotPollWhereSpinningHasNotPaid) {
    SpinMemory memory;
    memory.wasted();
    memory.wasted();
    int polls = 0;
    EXPECT_FALSE(spin_until(memory, platform::never, {2}, [&] { return ++polls > 0; }));
    EXPECT_EQ(polls, 0);
}

}  // namespace
}  // namespace threadwise::runtime
