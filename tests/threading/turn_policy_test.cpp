#include "threading/interpreter/turn_policy.hpp"

#include <gtest/gtest.h>

namespace threadwise::threading {
namespace {

using namespace std::chrono_literals;
using platform::Instant;

constexpr Instant start = Instant(1h);

/// An interval of 10 ms, so that a burst is 1 ms; four fifths for those who compute.
TurnPolicy policy() { return TurnPolicy(10ms, 0.8); }

/// A computing thread waits for that long while a returning one holds the lock, and then goes on.
Instant deprive(TurnPolicy& policy, Instant now, TurnPolicy::Duration duration) {
    policy.begin_turn(TurnKind::returning, now);
    policy.observe(now, true);
    policy.begin_turn(TurnKind::computing, now + duration);
    policy.observe(now + duration, false);
    return now + duration;
}

TEST(TurnPolicy, LetsAReturningThreadHaveItsBurst) {
    TurnPolicy turns = policy();
    turns.begin_turn(TurnKind::returning, start);
    EXPECT_EQ(turns.due(TurnKind::returning), start + 1ms);
    EXPECT_EQ(turns.due(TurnKind::computing), start + 1ms);
    EXPECT_FALSE(turns.demote(start + 999us));
    EXPECT_TRUE(turns.demote(start + 1ms));
    EXPECT_EQ(turns.holder(), TurnKind::computing);
    EXPECT_FALSE(turns.demote(start + 2ms)) << "it is computing already";
}

TEST(TurnPolicy, LetsAComputingThreadHaveItsTurnBeforeOthersThatCompute) {
    TurnPolicy turns = policy();
    turns.begin_turn(TurnKind::computing, start);
    EXPECT_EQ(turns.due(TurnKind::computing), start + 10ms);
    EXPECT_FALSE(turns.is_over(start + 9ms));
    EXPECT_TRUE(turns.is_over(start + 10ms));
}

TEST(TurnPolicy, InterruptsAComputingThreadForAReturningOneAtOnce) {
    TurnPolicy turns = policy();
    turns.begin_turn(TurnKind::computing, start);
    EXPECT_LE(turns.due(TurnKind::returning), start);
    EXPECT_TRUE(turns.returning_first(start));
}

TEST(TurnPolicy, DefersReturningThreadsOnceTheyHaveHadTheirShare) {
    TurnPolicy turns = policy();
    Instant now = start;
    int bursts = 0;
    for (; turns.returning_first(now); ++bursts) now = deprive(turns, now, 1ms);
    // The full bucket of 10 ms loses 1 ms a burst and gains 0.2 ms meanwhile.
    EXPECT_EQ(bursts, 13);
    const Instant again = turns.due(TurnKind::returning);
    EXPECT_GT(again, now);
    EXPECT_LE(again, now + 5ms) << "a burst, over the 0.2 that the bucket fills by";
    EXPECT_TRUE(turns.returning_first(again));
}

TEST(TurnPolicy, KeepsTheComputingShareInTheLongRun) {
    TurnPolicy turns = policy();
    Instant now = start;
    TurnPolicy::Duration deprived{};
    for (int i = 0; i < 10'000; ++i) {
        if (turns.returning_first(now)) {
            now = deprive(turns, now, 300us);
            deprived += 300us;
        } else {
            now = turns.due(TurnKind::returning);
        }
    }
    EXPECT_LE(deprived, (now - start) / 5 + 10ms + 1ms);
    EXPECT_GE(deprived, (now - start) / 5 - 1ms) << "and what is left for the others, they get";
}

TEST(TurnPolicy, ChargesALongHoldForABurstOnly) {
    TurnPolicy turns = policy();
    const Instant now = deprive(turns, start, 1h);
    EXPECT_TRUE(turns.returning_first(now)) << "whoever holds the lock for an hour computes";
}

TEST(TurnPolicy, ChargesNothingWhileNobodyThatComputesWaits) {
    TurnPolicy turns = policy();
    Instant now = start;
    for (int i = 0; i < 100; ++i) {
        turns.begin_turn(TurnKind::returning, now);
        turns.observe(now, false);
        now += 900us;
    }
    EXPECT_TRUE(turns.returning_first(now));
    EXPECT_LE(turns.due(TurnKind::returning), now + 1ms);
}

TEST(TurnPolicy, ChargesForTheTimeThatAPromisedThreadTakesToWake) {
    TurnPolicy turns(10ms, 0.5);
    Instant now = start;
    for (int i = 0; i < 40; ++i) {
        turns.promise(TurnKind::computing, now);
        turns.observe(now, true);
        now += 1ms;
        turns.begin_turn(TurnKind::computing, now);
        turns.observe(now, true);
    }
    EXPECT_FALSE(turns.returning_first(now));
}

TEST(TurnPolicy, WithAShareOfZeroNeverDefersAReturningThread) {
    TurnPolicy turns(10ms, 0);
    Instant now = start;
    for (int i = 0; i < 1000; ++i) {
        now = deprive(turns, now, 1ms);
        EXPECT_TRUE(turns.returning_first(now));
    }
}

}  // namespace
}  // namespace threadwise::threading
