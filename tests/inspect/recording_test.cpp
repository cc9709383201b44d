#include "threadwise/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "inspect/json_text.hpp"
#include "runtime/records/card.hpp"
#include "runtime/trace/ring.hpp"
#include "support/backend.hpp"
#include "support/sleepers.hpp"
#include "support/subject.hpp"
#include "support/threads.hpp"
#include "threadwise/process_view.hpp"
#include "threadwise/threading.hpp"
#include "threadwise/trace.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using inspect::ProcessView;
using runtime::trace::OwnRing;
using runtime::trace::Ring;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::Subject;
using trace::Outcome;
using trace::Recording;
using trace::Wait;

constexpr std::size_t slots = 8;

/// Memory for a ring with so many slots.
struct SmallRing {
    alignas(Ring) std::array<std::byte, runtime::trace::size_of_ring(slots)> bytes{};
    Ring& ring = *new (bytes.data()) Ring;
    OwnRing own{ring, slots};

    /// An event all of whose words tell its number.
    void write(std::int64_t number) {
        own.write({.ident = static_cast<std::uint32_t>(number),
                   .begin = number,
                   .end = number,
                   .subject = static_cast<std::uint64_t>(number)});
    }
};

TEST(Ring, KeepsTheLastEvents) {
    SmallRing small;
    const auto numbers = [&] {
        std::vector<std::int64_t> found;
        for (const auto& event : runtime::trace::read(small.ring, slots).events) found.push_back(event.begin);
        return found;
    };
    EXPECT_THAT(numbers(), IsEmpty());
    for (int i = 0; i < 7; ++i) small.write(i);
    EXPECT_THAT(numbers(), ElementsAre(0, 1, 2, 3, 4, 5, 6));
    EXPECT_FALSE(runtime::trace::read(small.ring, slots).has_lost);
    for (int i = 7; i < 30; ++i) small.write(i);
    EXPECT_THAT(numbers(), ElementsAre(23, 24, 25, 26, 27, 28, 29));
    EXPECT_TRUE(runtime::trace::read(small.ring, slots).has_lost);
}

TEST(Ring, StressShowsNothingTorn) {
    SmallRing small;
    std::atomic<bool> done{false};
    testing::run_together(2, [&](std::size_t i) {
        if (i == 0) {
            for (std::int64_t number = 0; !done; ++number) small.write(number);
            return;
        }
        for (int round = 0; round < testing::rounds(20'000); ++round) {
            const auto events = runtime::trace::read(small.ring, slots).events;
            ASSERT_LT(events.size(), slots);
            for (const auto& event : events) {
                const std::int64_t number = events.front().begin + (&event - events.data());
                ASSERT_EQ(event.begin, number);
                ASSERT_EQ(event.end, number);
                ASSERT_EQ(event.subject, static_cast<std::uint64_t>(number));
                ASSERT_EQ(event.ident, static_cast<std::uint32_t>(number));
            }
        }
        done = true;
    });
}

TEST(Ring, WaitsDoNotOverlap) {
    SmallRing small;
    small.own.write_wait({.begin = 10, .end = 20});
    small.own.write_wait({.begin = 5, .end = 30});
    small.own.write_wait({.begin = 40, .end = 50});
    std::vector<std::int64_t> begins;
    for (const auto& event : runtime::trace::read(small.ring, slots).events) begins.push_back(event.begin);
    EXPECT_THAT(begins, ElementsAre(10, 20, 40));
}

trace::Thread thread_of(const Recording& recording, const std::string& name) {
    const auto found = std::find_if(recording.threads.rbegin(), recording.threads.rend(),
                                    [&](const trace::Thread& thread) { return thread.name == name; });
    return found == recording.threads.rend() ? trace::Thread{} : *found;
}

class Recordings : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("file for other processes"); }
};

TEST_F(Recordings, ShowAThreadThatHasEnded) {
    Lock lock;
    Event event;
    const std::uint32_t self = get_ident();
    lock.acquire();
    Thread thread({.name = "waits three times"}, [&] {
        sleep_for(1ms);
        event.wait();
        EXPECT_FALSE(lock.acquire(true, 1ms));
    });
    thread.start();
    testing::wait_for_asleep(&event, 1);
    event.set();
    thread.join();
    lock.release();

    const trace::Thread seen = thread_of(trace::take(), "waits three times");
    EXPECT_EQ(seen.ident, thread.ident());
    EXPECT_EQ(seen.native_id, thread.native_id());
    EXPECT_TRUE(seen.complete);
    ASSERT_THAT(seen.waits, SizeIs(3));
    EXPECT_EQ(seen.waits[0].kind, "sleep");
    EXPECT_EQ(seen.waits[0].outcome, Outcome::timed_out);
    EXPECT_GE(seen.waits[0].end - seen.waits[0].begin, 1ms);
    EXPECT_EQ(seen.waits[0].by, 0U);
    EXPECT_EQ(seen.waits[1].kind, "Event");
    EXPECT_EQ(seen.waits[1].object, reinterpret_cast<std::uintptr_t>(&event));
    EXPECT_EQ(seen.waits[1].outcome, Outcome::woken);
    EXPECT_EQ(seen.waits[1].by, self);
    EXPECT_EQ(seen.waits[2].kind, "Lock");
    EXPECT_EQ(seen.waits[2].outcome, Outcome::timed_out);
    EXPECT_EQ(seen.waits[2].by, self) << "which holds it";
    ASSERT_TRUE(seen.began && seen.ended);
    EXPECT_LE(*seen.began, seen.waits.front().begin);
    EXPECT_GE(*seen.ended, seen.waits.back().end);
}

TEST_F(Recordings, CutTheNameOfAThreadThatHasEnded) {
    Thread thread({.name = "twenty-three characters\u65e5\u672c"}, [] {});
    thread.start();
    thread.join();
    EXPECT_EQ(thread_of(trace::take(), "twenty-three characters").ident, thread.ident()) << "and no half character";
}

TEST_F(Recordings, KeepTheLastWaits) {
    Thread thread({.name = "waits often"}, [] {
        for (int i = 0; i < 300; ++i) sleep_for(1us);
    });
    thread.start();
    thread.join();
    const trace::Thread seen = thread_of(trace::take(), "waits often");
    EXPECT_FALSE(seen.complete);
    EXPECT_FALSE(seen.began);
    EXPECT_THAT(seen.waits, SizeIs(125)) << "the name and the end need room, too";
}

TEST_F(Recordings, ShowAProcessThatIsStopped) {
    const Subject subject({"waits"});
    ASSERT_EQ(subject.said(), "ready");
    subject.stop();
    const Recording seen = ProcessView(subject.pid()).recording();
    EXPECT_EQ(seen.pid, subject.pid());
    EXPECT_THAT(seen.command, HasSubstr("seen_program waits"));
    ASSERT_THAT(seen.threads, SizeIs(4));
    const trace::Thread waiter = thread_of(seen, "waiter");
    EXPECT_TRUE(waiter.began);
    EXPECT_FALSE(waiter.ended);
    ASSERT_THAT(waiter.waits, Not(IsEmpty()));
    const Wait& last = waiter.waits.back();
    EXPECT_EQ(last.kind, "Lock");
    EXPECT_EQ(last.outcome, Outcome::still_waits);
    EXPECT_EQ(last.by, thread_of(seen, "MainThread").ident);
    EXPECT_EQ(last.end, seen.taken);
}

TEST_F(Recordings, ShowOfAForkedChildItsOwnThreadsAlone) {
    const Subject subject({"forks"});
    const int child = std::stoi(subject.said());
    const Recording of_child = ProcessView(child).recording();
    ::kill(child, SIGKILL);
    ASSERT_THAT(of_child.threads, SizeIs(2));
    EXPECT_EQ(thread_of(of_child, "MainThread").native_id, static_cast<std::uint64_t>(child));
    EXPECT_TRUE(thread_of(of_child, "the child's").began);
    EXPECT_THAT(ProcessView(subject.pid()).recording().threads, SizeIs(2));
}

void expect_no_rings(const Subject& subject) {
    ASSERT_EQ(subject.said(), "ready");
    const ProcessView view(subject.pid());
    EXPECT_THAT(view.snapshot().threads, SizeIs(4));
    const Recording seen = view.recording();
    ASSERT_THAT(seen.threads, SizeIs(4));
    for (const trace::Thread& thread : seen.threads) {
        EXPECT_FALSE(thread.began);
        EXPECT_LE(thread.waits.size(), 1U);
    }
}

TEST_F(Recordings, AreOffIfAskedFor) {
    expect_no_rings(Subject({"waits"}, [] { ::setenv("THREADWISE_TRACE_RING", "off", 1); }));
}

TEST_F(Recordings, AreOffWhereThereIsNoRoom) {
    expect_no_rings(Subject({"waits"}, [] {
        constexpr rlim_t for_cards = 32'768 * sizeof(runtime::Card) + (1 << 20);
        const rlimit limit{for_cards, for_cards};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }));
}

TEST_F(Recordings, StandGarbage) {
    const Subject subject({"garbage"});
    ASSERT_EQ(subject.said(), "ready");
    std::ostringstream text;
    text << ProcessView(subject.pid()).recording();
    EXPECT_FALSE(text.str().empty());
}

TEST_F(Recordings, SayThatAFileCannotBeWritten) {
    EXPECT_THROW(trace::write("/no such folder/trace.jsonl"), std::system_error);
}

/// While threads come, wait and go: what is said of a thread is all of one thread.
TEST_F(Recordings, StressMixNothingUp) {
    std::atomic<bool> done{false};
    Event event;
    const auto run_thread = [&](const std::string& name, auto wait) {
        Thread thread({.name = name, .daemon = true}, wait);
        thread.start();
        thread.join();
    };
    testing::run_together(4, [&](std::size_t i) {
        if (i == 0) {
            for (int round = 0; round < testing::rounds(300); ++round) {
                for (const trace::Thread& thread : trace::take().threads) {
                    for (const Wait& wait : thread.waits) {
                        ASSERT_LE(wait.begin, wait.end);
                        const std::string wanted = thread.name == "a sleeper" ? "sleep" : "Event";
                        ASSERT_TRUE(wait.kind == wanted || !thread.name.starts_with('a')) << wait.kind;
                    }
                }
            }
            done = true;
            return;
        }
        while (!done) {
            run_thread("an event's", [&] { event.wait(20us); });
            run_thread("a sleeper", [] { sleep_for(20us); });
        }
    });
}

std::string json_of(std::string_view text) {
    std::ostringstream out;
    out << inspect::JsonText{text};
    return out.str();
}

TEST(JsonText, IsWellFormedWhateverTheTextIs) {
    EXPECT_EQ(json_of(""), R"("")");
    EXPECT_EQ(json_of("a \"b\" \\ c"), R"("a \"b\" \\ c")");
    EXPECT_EQ(json_of("\n\x1b\x7f"), R"("\u000a\u001b\u007f")");
    EXPECT_EQ(json_of("\u00e9\u65e5\U0001f600"), "\"\u00e9\u65e5\U0001f600\"");
    for (const char* const wrong : {"\xff", "\x80", "\xc0", "\xf5"}) EXPECT_EQ(json_of(wrong), R"("\ufffd")");
    EXPECT_EQ(json_of("\xe6\x97"), R"("\ufffd\ufffd")") << "cut";
    EXPECT_EQ(json_of("\xc0\x80"), R"("\ufffd\ufffd")") << "overlong";
    EXPECT_EQ(json_of("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")") << "a surrogate";
}

}  // namespace
}  // namespace threadwise
