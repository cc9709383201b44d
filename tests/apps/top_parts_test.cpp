// The parts of threadwise top that compute something.

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "support/backend.hpp"
#include "terminal/durations.hpp"
#include "terminal/table.hpp"
#include "terminal/text.hpp"
#include "threads/cpu_times.hpp"
#include "threads/object_waits.hpp"
#include "threads/wait_tree.hpp"

namespace {

using namespace command;
using namespace std::chrono_literals;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::SizeIs;
using threadwise::inspect::Instant;
using threadwise::inspect::Snapshot;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

ThreadInfo waiting(std::uint32_t ident, std::vector<std::uint32_t> owners, std::uintptr_t object = 7,
                   Instant since = {}) {
    ThreadInfo thread{.name = std::to_string(ident), .ident = ident, .state = State::waits, .wait = {}};
    thread.wait.kind = "Lock";
    thread.wait.object = object;
    thread.wait.owners = std::move(owners);
    thread.wait.since = since;
    return thread;
}

ThreadInfo running(std::uint32_t ident) {
    return {.name = std::to_string(ident), .ident = ident, .state = State::runs, .wait = {}};
}

std::vector<std::string> tree_of(std::vector<ThreadInfo> threads) {
    const Snapshot snapshot{.threads = std::move(threads)};
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < snapshot.threads.size(); ++i) order.push_back(i);
    std::vector<std::string> lines;
    for (const TreeRow& row : wait_tree(snapshot, order))
        lines.push_back(row.branch + snapshot.threads[row.thread].name);
    return lines;
}

TEST(WaitTree, HasWaitersBelowTheThreadThatTheyWaitFor) {
    EXPECT_THAT(tree_of({}), ElementsAre());
    EXPECT_THAT(tree_of({running(1), waiting(2, {3}), running(3), waiting(4, {2}), waiting(5, {3})}),
                ElementsAre("3", "├─ 2", "│  └─ 4", "└─ 5", "1"));
}

TEST(WaitTree, BeginsACircleWithItsFirstThread) {
    EXPECT_THAT(tree_of({waiting(9, {3}), waiting(2, {3}), waiting(3, {4}), waiting(4, {2})}),
                ElementsAre("2", "└─ 4", "   └─ 3", "      └─ 9"));
    EXPECT_THAT(tree_of({waiting(1, {1})}), ElementsAre("1"));
}

TEST(WaitTree, HasEachThreadOnce) {
    // One waits for several threads; one for a thread that has ended; one for nobody in particular.
    EXPECT_THAT(tree_of({running(1), running(2), waiting(3, {1, 2}), waiting(4, {99}), waiting(5, {})}),
                ElementsAre("1", "└─ 3", "2", "4", "5"));
}

TEST(WaitTree, TakesAChainOfAnyLength) {
    constexpr std::uint32_t length = 5000;
    std::vector<ThreadInfo> threads{running(1)};
    for (std::uint32_t ident = 2; ident <= length; ++ident) threads.push_back(waiting(ident, {ident - 1}));
    EXPECT_THAT(tree_of(threads), SizeIs(length));
    threads[0] = waiting(1, {length});
    EXPECT_THAT(tree_of(threads), SizeIs(length));
}

constexpr Instant start{std::chrono::hours(1)};

Snapshot at(Instant taken, std::vector<ThreadInfo> threads) { return {.taken = taken, .threads = std::move(threads)}; }

TEST(WaitHistory, CountsWhatTheFirstLookSeesForAsLongAsItHasLasted) {
    WaitHistory history;
    history.add(at(start, {waiting(1, {}, 7, start - 3s), waiting(2, {9}, 7, start - 4s), running(3)}));
    const auto objects = history.objects();
    ASSERT_THAT(objects, SizeIs(1));
    EXPECT_EQ(objects[0].kind, "Lock");
    EXPECT_EQ(objects[0].object, 7U);
    EXPECT_EQ(objects[0].waiting, 2U);
    EXPECT_THAT(objects[0].waited, DoubleNear(7, 1e-6));
    EXPECT_THAT(objects[0].longest, DoubleNear(4, 1e-6));
    EXPECT_THAT(objects[0].owners, ElementsAre(9U));

    WaitHistory old;
    old.add(at(start, {waiting(1, {}, 7, start - 1h)}));
    EXPECT_THAT(old.objects()[0].waited, DoubleNear(10, 1e-6)) << "the window";
    EXPECT_THAT(old.objects()[0].longest, DoubleNear(3600, 1e-6));
}

TEST(WaitHistory, TakesEachLookForASampleOfTheTimeBefore) {
    WaitHistory history;
    history.add(at(start, {}));
    history.add(at(start + 1s, {waiting(1, {}, 7, start + 999ms), waiting(2, {}, 8, start + 1s)}));
    history.add(at(start + 2s, {waiting(1, {}, 7, start + 1999ms)}));
    history.add(at(start + 3s, {}));
    auto objects = history.objects();
    ASSERT_THAT(objects, SizeIs(2));
    EXPECT_THAT(objects[0].waited, DoubleNear(2, 1e-6));
    EXPECT_THAT(objects[1].waited, DoubleNear(1, 1e-6));
    EXPECT_EQ(objects[0].waiting, 0U);
    EXPECT_EQ(objects[0].longest, 0);

    history.add(at(start + 11s, {}));
    objects = history.objects();
    ASSERT_THAT(objects, SizeIs(1)) << "what is older than the window is forgotten";
    EXPECT_EQ(objects[0].object, 7U);
    history.add(at(start + 60s, {waiting(1, {}, 9, start + 59s), waiting(2, {}, 0, start)}));
    objects = history.objects();
    ASSERT_THAT(objects, SizeIs(1)) << "a wait without an object, as a sleep, is left out";
    EXPECT_THAT(objects[0].waited, DoubleNear(10, 1e-6)) << "no more than the window, however seldom it is looked";
}

constexpr std::array<Column, 4> columns{{
    {.title = "NAME", .width = 6, .wanted = 8, .share = 2, .importance = 4},
    {.title = "N", .width = 4, .is_number = true, .importance = 1, .is_extra = true},
    {.title = "WHAT", .width = 5, .wanted = 10, .share = 1, .importance = 3},
    {.title = "AT", .width = 3, .importance = 2},
}};

TEST(Table, FitsItsColumns) {
    EXPECT_THAT(widths_for(columns, 28), ElementsAre(8U, 4U, 10U, 3U));
    EXPECT_THAT(widths_for(columns, 34), ElementsAre(12U, 4U, 12U, 3U));
    EXPECT_THAT(widths_for(columns, 27), ElementsAre(10U, 0U, 12U, 3U)) << "others want more";
    EXPECT_THAT(widths_for(columns, 20), ElementsAre(8U, 0U, 7U, 3U)) << "the most important one gets it first";
    EXPECT_THAT(widths_for(columns, 15), ElementsAre(8U, 0U, 6U, 0U));
    EXPECT_THAT(widths_for(columns, 8), ElementsAre(8U, 0U, 0U, 0U));
    EXPECT_THAT(widths_for(columns, 3), ElementsAre(3U, 0U, 0U, 0U));
    EXPECT_THAT(widths_for(columns, 0), ElementsAre(0U, 0U, 0U, 0U));
}

TEST(Table, AlignsItsCells) {
    const std::vector<std::string> cells{"a\x1b[2J", "12", "日本", ""};
    const std::vector<std::size_t> widths{6, 4, 5, 3};
    EXPECT_EQ(line_of(cells, columns, widths), "a?[2J    12 日本");
    EXPECT_EQ(heading_of(columns, widths, 1, false), "NAME     N↓ WHAT  AT");
    EXPECT_EQ(heading_of(columns, widths, 1, true), "NAME     N↑ WHAT  AT");
    EXPECT_THAT(natural_widths(columns, std::vector<Row>{{.cells = cells}}), ElementsAre(5U, 2U, 5U, 3U));
}

TEST(Text, FitsInOneWayWithAndWithoutLettersBeyondAscii) {
    for (std::size_t width = 0; width < 12; ++width) {
        std::string plain = fitted("abcdefghij", width);
        const std::string wide = fitted("äbcdefghij", width);
        if (plain.starts_with('a')) plain.replace(0, 1, "ä");
        EXPECT_EQ(plain, wide) << width;
    }
}

TEST(Durations, AreAtMostNineCharactersLong) {
    EXPECT_EQ(human_seconds(0), "0.0 s");
    EXPECT_EQ(human_seconds(59.94), "59.9 s");
    EXPECT_EQ(human_seconds(59.96), "1 m 00 s");
    EXPECT_EQ(human_seconds(725), "12 m 05 s");
    EXPECT_EQ(human_seconds(3599.7), "1 h 00 m");
    EXPECT_EQ(human_seconds(3 * 3600 + 7 * 60), "3 h 07 m");
    EXPECT_EQ(human_seconds(86400.0 * 12 + 3 * 3600), "12 d 03 h");
}

double own_cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Several of the kernel's ticks, at which it counts.
void use_time() {
    const double enough = own_cpu_seconds() + 0.03;
    while (own_cpu_seconds() < enough) {}
}

TEST(CpuTimes, CountWhatThreadsUse) {
    THREADWISE_NEEDS("/proc");
    CpuTimes times(::getpid());
    const auto self = static_cast<std::uint64_t>(::gettid());
    const auto first = times.of_thread(self, std::nullopt, start);
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->share) << "nothing to compare with";
    use_time();
    const auto second = times.of_thread(self, std::nullopt, start + 1s);
    ASSERT_TRUE(second && second->share);
    EXPECT_GT(second->seconds, first->seconds);
    EXPECT_GT(*second->share, 0);
    EXPECT_LE(*second->share, 2);
    EXPECT_EQ(times.of_thread(self, std::nullopt, start + 1s)->seconds, second->seconds) << "the same look";

    use_time();
    const auto waits = times.of_thread(self, start, start + 2s);
    EXPECT_GT(waits->seconds, second->seconds) << "it ran before it waited";
    EXPECT_EQ(times.of_thread(self, start, start + 3s)->seconds, waits->seconds) << "the same wait";
    EXPECT_EQ(times.of_thread(self, start, start + 3s)->share, 0);

    EXPECT_TRUE(times.of_process(start));
    EXPECT_FALSE(times.of_thread(std::numeric_limits<std::int32_t>::max(), std::nullopt, start));
    EXPECT_FALSE(times.of_thread(0, std::nullopt, start));
    times.keep_only({self});
    EXPECT_TRUE(times.of_thread(self, std::nullopt, start + 4s));
}

}  // namespace
