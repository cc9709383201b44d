#include "threadwise/process_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/forked_child.hpp"
#include "support/sleepers.hpp"
#include "support/subject.hpp"
#include "threadwise/embed/foreign_threads.hpp"
#include "threadwise/embed/wait_places.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using inspect::ProcessError;
using inspect::ProcessView;
using inspect::Snapshot;
using inspect::State;
using inspect::ThreadInfo;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::Subject;

ThreadInfo thread_of(const Snapshot& snapshot, const std::string& name) {
    const auto found = std::find_if(snapshot.threads.begin(), snapshot.threads.end(),
                                    [&](const ThreadInfo& thread) { return thread.name == name; });
    return found == snapshot.threads.end() ? ThreadInfo{} : *found;
}

/// Once each thread of that name sleeps, and has said where.
Snapshot snapshot_once_asleep(const ProcessView& view, const std::string& name) {
    Snapshot snapshot;
    EXPECT_TRUE(testing::wait_until([&] {
        snapshot = view.snapshot();
        return thread_of(snapshot, name).wait.where.line != 0;
    }));
    return snapshot;
}

ProcessError::Reason refusal_of(int pid) {
    try {
        ProcessView(pid).snapshot();
    } catch (const ProcessError& error) {
        EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(pid)));
        return error.reason();
    }
    ADD_FAILURE() << "process " << pid << " can be looked at";
    return {};
}

class ProcessViews : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("file for other processes"); }
};

TEST_F(ProcessViews, ShowTheThreadsOfAnotherProcess) {
    const Subject subject({"waits"});
    ASSERT_EQ(subject.said(), "ready");
    const ProcessView view(subject.pid());
    EXPECT_EQ(view.pid(), subject.pid());
    EXPECT_THAT(view.command(), EndsWith("seen_program waits"));
    const Snapshot seen = snapshot_once_asleep(view, "waiter");
    ASSERT_THAT(seen.threads, SizeIs(4));

    const ThreadInfo& main = seen.threads.front();
    EXPECT_EQ(main.name, "MainThread");
    EXPECT_EQ(main.native_id, static_cast<std::uint64_t>(subject.pid()));
    EXPECT_EQ(main.state, State::runs);
    EXPECT_FALSE(main.daemon);

    const ThreadInfo waiter = thread_of(seen, "waiter");
    EXPECT_TRUE(waiter.daemon);
    EXPECT_NE(waiter.native_id, 0U);
    ASSERT_EQ(waiter.state, State::waits);
    EXPECT_EQ(waiter.wait.kind, "Lock");
    EXPECT_NE(waiter.wait.object, 0U);
    EXPECT_TRUE(waiter.wait.held);
    EXPECT_THAT(waiter.wait.owners, ElementsAre(main.ident));
    EXPECT_LE(waiter.wait.since, seen.taken);
    ASSERT_TRUE(waiter.wait.deadline.has_value());
    EXPECT_GT(*waiter.wait.deadline, seen.taken);
    EXPECT_THAT(waiter.wait.where.file, EndsWith("seen_program.cpp"));
    EXPECT_EQ(waiter.wait.where.function, "operator()");

    const ThreadInfo joiner = thread_of(snapshot_once_asleep(view, "joiner"), "joiner");
    EXPECT_EQ(joiner.wait.kind, "Thread.join");
    EXPECT_THAT(joiner.wait.owners, ElementsAre(waiter.ident));
    EXPECT_FALSE(joiner.wait.held);
    EXPECT_EQ(thread_of(snapshot_once_asleep(view, "sleeper"), "sleeper").wait.kind, "sleep");
}

/// The place of every wait while it exists.
struct PlaceOfAll {
    PlaceOfAll() {
        embed::set_wait_place_finder([](embed::WaitPlace& place) noexcept {
            std::string_view("/home/ada/program.py").copy(place.file.data(), place.file.size() - 1);
            std::string_view("main").copy(place.function.data(), place.function.size() - 1);
            place.line = 17;
            return true;
        });
    }
    ~PlaceOfAll() { embed::set_wait_place_finder(nullptr); }
    PlaceOfAll(const PlaceOfAll&) = delete;
    PlaceOfAll& operator=(const PlaceOfAll&) = delete;
};

TEST_F(ProcessViews, ShowThePlaceThatAnInterpreterKnows) {
    Event stop;
    Thread waiter({.name = "waiter"}, [&] { stop.wait(); });
    {
        const PlaceOfAll places;
        waiter.start();
        const auto where = thread_of(snapshot_once_asleep(ProcessView(getpid()), "waiter"), "waiter").wait.where;
        EXPECT_EQ(where.file, "/home/ada/program.py");
        EXPECT_EQ(where.function, "main");
        EXPECT_EQ(where.line, 17U);
    }
    stop.set();
    waiter.join();
}

TEST_F(ProcessViews, ShowForeignThreadsAsTheirRuntimeCallsThem) {
    Event described, stop;
    std::thread foreign([&] {
        embed::describe_foreign_thread(get_ident(), "ada", false);
        described.set();
        stop.wait();
    });
    described.wait();
    const ThreadInfo ada = thread_of(ProcessView(getpid()).snapshot(), "ada");
    EXPECT_NE(ada.ident, 0U);
    EXPECT_FALSE(ada.daemon);
    stop.set();
    foreign.join();
    embed::describe_foreign_thread(ada.ident, "ended", false);
}

TEST_F(ProcessViews, ShowAProcessThatIsStopped) {
    const Subject subject({"waits"});
    const ProcessView before(subject.pid());
    snapshot_once_asleep(before, "waiter");
    subject.stop();
    EXPECT_EQ(thread_of(before.snapshot(), "waiter").state, State::waits);
    EXPECT_EQ(thread_of(ProcessView(subject.pid()).snapshot(), "waiter").wait.kind, "Lock");
}

TEST_F(ProcessViews, ShowADeadlock) {
    const Subject subject({"deadlock"});
    const ProcessView view(subject.pid());
    snapshot_once_asleep(view, "forwards");
    const Snapshot seen = snapshot_once_asleep(view, "backwards");
    const auto [least, greatest] = std::minmax({thread_of(seen, "forwards").ident, thread_of(seen, "backwards").ident});
    EXPECT_THAT(inspect::wait_cycles(seen), ElementsAre(ElementsAre(least, greatest)));
}

TEST_F(ProcessViews, ShowOfAForkedChildItsOwnThreadsAlone) {
    const Subject subject({"forks"});
    const int child = std::stoi(subject.said());
    const Snapshot of_parent = ProcessView(subject.pid()).snapshot();
    const Snapshot of_child = ProcessView(child).snapshot();
    ::kill(child, SIGKILL);
    EXPECT_THAT(of_parent.threads, SizeIs(2));
    EXPECT_EQ(thread_of(of_parent, "the parent's").state, State::waits);
    ASSERT_THAT(of_child.threads, SizeIs(2));
    EXPECT_EQ(thread_of(of_child, "MainThread").native_id, static_cast<std::uint64_t>(child));
    EXPECT_EQ(thread_of(of_child, "the child's").state, State::waits);
}

TEST_F(ProcessViews, RefuseAProgramThatDoesNotUseThreadwise) {
    Subject subject({"becomes-another"});
    const ProcessView view(subject.pid());
    EXPECT_THAT(view.snapshot().threads, SizeIs(1));
    EXPECT_THAT(inspect::processes(), Contains(subject.pid()));
    ASSERT_EQ(subject.go_on(), "another");
    EXPECT_EQ(refusal_of(subject.pid()), ProcessError::Reason::not_published);
    EXPECT_THAT(inspect::processes(), Not(Contains(subject.pid())));
    try {
        view.snapshot();
        ADD_FAILURE() << "what is shown is of the program before";
    } catch (const ProcessError& error) {
        EXPECT_EQ(error.reason(), ProcessError::Reason::not_published);
    }
}

TEST_F(ProcessViews, RefuseAProcessThatHasClosedItsDescriptors) {
    const Subject subject({"closes-descriptors"});
    EXPECT_EQ(subject.said(), "ready");
    EXPECT_EQ(refusal_of(subject.pid()), ProcessError::Reason::not_published);
}

TEST_F(ProcessViews, RefuseAProcessWhoseSystemRefusesTheFile) {
    const Subject subject({"waits"}, [] {
        const rlimit limit{4'096, 4'096};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    });
    // All works but looking in.
    EXPECT_EQ(subject.said(), "ready");
    EXPECT_EQ(refusal_of(subject.pid()), ProcessError::Reason::not_published);
}

TEST_F(ProcessViews, RefuseAForkedChildThatCouldNotMakeItsFile) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer needs descriptors in the child";
#endif
    const Subject subject({"forks-without-descriptors"});
    const int child = std::stoi(subject.said());
    EXPECT_EQ(refusal_of(child), ProcessError::Reason::not_published);
    EXPECT_THAT(ProcessView(subject.pid()).snapshot().threads, SizeIs(2));
    ::kill(child, SIGKILL);
}

TEST_F(ProcessViews, RefuseAnotherVersion) {
    const Subject subject({"other-version"});
    ASSERT_EQ(subject.said(), "ready");
    EXPECT_EQ(refusal_of(subject.pid()), ProcessError::Reason::other_version);
}

TEST_F(ProcessViews, StandGarbage) {
    const Subject subject({"garbage"});
    ASSERT_EQ(subject.said(), "ready");
    const Snapshot seen = ProcessView(subject.pid()).snapshot();
    EXPECT_THAT(seen.threads, Not(IsEmpty()));
    inspect::wait_cycles(seen);
    std::ostringstream text;
    text << seen;
    EXPECT_FALSE(text.str().empty());
}

TEST_F(ProcessViews, RefuseWhatIsNoProcess) {
    Subject subject({"waits"});
    const ProcessView view(subject.pid());
    subject.kill();  // a zombie
    EXPECT_EQ(refusal_of(subject.pid()), ProcessError::Reason::no_such_process);
    subject.end();
    EXPECT_EQ(refusal_of(subject.pid()), ProcessError::Reason::no_such_process);
    EXPECT_EQ(refusal_of(0), ProcessError::Reason::no_such_process);
    EXPECT_EQ(refusal_of(-1), ProcessError::Reason::no_such_process);
    try {
        view.snapshot();
        ADD_FAILURE() << "a process that has ended is shown";
    } catch (const ProcessError& error) {
        EXPECT_EQ(error.reason(), ProcessError::Reason::ended);
    }
}

TEST_F(ProcessViews, RefuseAProcessOfAnotherUser) {
    const Subject subject({"waits"});
    const bool is_root = ::geteuid() == 0;
    // Somebody else looks at ours, or, without the right to become somebody else, we look at root's.
    constexpr ::uid_t somebody = 65534;
    const int pid = is_root ? subject.pid() : 1;
    EXPECT_EQ(testing::in_child({[&] { return !is_root || ::setuid(somebody) == 0; },
                                 [&] { return refusal_of(pid) == ProcessError::Reason::not_permitted; }}),
              testing::all_well);
}

TEST_F(ProcessViews, SayThatNoFileCanBeOpenedRatherThanThatThereIsNoProcess) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer needs descriptors in the child";
#endif
    const Subject subject({"waits"});
    ASSERT_EQ(subject.said(), "ready");
    const auto refused = [&] {
        try {
            const ProcessView view(subject.pid());
        } catch (const std::system_error& error) {
            return error.code() == std::errc::too_many_files_open;
        }
        return false;
    };
    const int first_free = ::dup(STDIN_FILENO);
    ASSERT_NE(first_free, -1);
    ::close(first_free);
    for (const int descriptors : {0, 1, 2}) {
        const rlim_t limit = static_cast<rlim_t>(first_free + descriptors);
        EXPECT_EQ(testing::in_child({[&] {
                                         const rlimit few{limit, limit};
                                         return ::setrlimit(RLIMIT_NOFILE, &few) == 0;
                                     },
                                     refused}),
                  testing::all_well)
            << descriptors << " descriptors are free";
    }
}

TEST_F(ProcessViews, ShowManyThreads) {
    const Subject subject({"many", "300"});
    ASSERT_EQ(subject.said(), "ready");
    const Snapshot seen = ProcessView(subject.pid()).snapshot();
    ASSERT_THAT(seen.threads, SizeIs(301));
    for (std::size_t i = 1; i < seen.threads.size(); ++i) {
        ASSERT_EQ(seen.threads[i].name, "waiter-" + std::to_string(i - 1));
        ASSERT_EQ(seen.threads[i].wait.kind, "Event");
    }
}

TEST_F(ProcessViews, ShowNoCycleOfABusyLockStress) {
    // The holder of a moment ago waits again, and one that has been handed the lock wakes up.
    const Subject subject({"busy", "6"});
    ASSERT_EQ(subject.said(), "ready");
    const ProcessView view(subject.pid());
    for (int i = 0; i < 200; ++i) ASSERT_THAT(wait_cycles(view.snapshot()), IsEmpty()) << "look " << i;
}

/// What a thread of that name may be seen to wait for.
struct Expected {
    std::string name;
    std::string kind;
    const void* object;
};

void expect_whole(const Snapshot& seen, const std::vector<Expected>& all) {
    for (const ThreadInfo& thread : seen.threads) {
        const auto expected =
            std::find_if(all.begin(), all.end(), [&](const Expected& each) { return each.name == thread.name; });
        if (expected == all.end() || thread.state != State::waits) continue;
        ASSERT_EQ(thread.wait.kind, expected->kind);
        ASSERT_EQ(thread.wait.object, reinterpret_cast<std::uintptr_t>(expected->object));
        ASSERT_THAT(thread.wait.where.file, AnyOf("", EndsWith("process_view_test.cpp")));
    }
}

/// While the threads of this process come, wait and go: what is said of a thread is all of one thread, and of one wait.
TEST_F(ProcessViews, StressShowNothingTorn) {
    std::atomic<bool> done{false};
    Event event;
    Lock lock;
    const auto run_thread = [&](const std::string& name, auto wait) {
        Thread thread({.name = name, .daemon = true}, wait);
        thread.start();
        thread.join();
    };
    testing::run_together(5, [&](std::size_t i) {
        if (i == 0) {
            const ProcessView view(::getpid());
            for (int round = 0; round < testing::rounds(2'000); ++round) {
                expect_whole(
                    view.snapshot(),
                    {{"an event's", "Event", &event}, {"a lock's", "Lock", &lock}, {"a sleeper", "sleep", nullptr}});
            }
            done = true;
            return;
        }
        while (!done) {
            run_thread("an event's", [&] { event.wait(20us); });
            run_thread("a sleeper", [] { sleep_for(20us); });
            run_thread("a lock's", [&] {
                if (lock.acquire(true, 50us)) lock.release();
            });
        }
    });
}

}  // namespace
}  // namespace threadwise
