// The ways to hang, and what is reported of each. docs/seeing-threads.md has the table with the reasons.

#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <string>

#include "support/backend.hpp"
#include "support/command_output.hpp"

namespace threadwise {
namespace {

struct Hang {
    const char* way;
    std::string report;
};

void PrintTo(const Hang& hang, std::ostream* out) { *out << hang.way; }

class Hangs : public ::testing::TestWithParam<Hang> {};

std::string output_of(const std::string& arguments) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "hang_program";
    const std::string command = "timeout -k 1 60 " + program.string() + " " + arguments;
    return testing::output_of_command(command).text;
}

std::string certain_rlocks(int count) {
    std::string report = "certain " + std::to_string(count) + ":";
    for (int i = 0; i < count; ++i) report += " RLock,";
    report.pop_back();
    return report;
}

TEST_P(Hangs, AreReported) {
#if defined(__SANITIZE_THREAD__)
    if (GetParam().way == std::string("in_forked_child")) {
        GTEST_SKIP() << "the thread sanitizer lets no forked child of several threads start one";
    }
#endif
    // What is not to be reported is waited for but for a while.
    const bool is_silent = GetParam().report == "nothing";
    EXPECT_EQ(output_of(std::string(GetParam().way) + (is_silent ? " 500" : "")), GetParam().report + '\n');
}

INSTANTIATE_TEST_SUITE_P(
    Of, Hangs,
    ::testing::Values(Hang{"two_rlocks", "certain 2: RLock, RLock"},
                      Hang{"three_rlocks", "certain 3: RLock, RLock, RLock"},
                      Hang{"hundred_rlocks", certain_rlocks(100)}, Hang{"two_locks", "suspected 2: Lock, Lock"},
                      Hang{"three_locks", "suspected 3: Lock, Lock, Lock"},
                      Hang{"lock_and_rlock", "suspected 2: Lock, RLock"}, Hang{"lock_twice", "suspected 1: Lock"},
                      Hang{"two_writers", "certain 2: SharedLock (to write), SharedLock (to write)"},
                      Hang{"two_readers_that_write", "suspected 2: SharedLock (to write), SharedLock (to write)"},
                      Hang{"reader_and_writer", "certain 2: RLock, SharedLock (to read)"},
                      Hang{"shared_lock_twice", "refused"}, Hang{"two_joins", "certain 2: Thread.join, Thread.join"},
                      Hang{"join_with_lock", "certain 2: RLock, Thread.join"}, Hang{"join_itself", "refused"},
                      Hang{"future_with_lock", "certain 2: Future, RLock"},
                      Hang{"two_futures", "certain 2: Future, Future"}, Hang{"future_of_itself", "certain 1: Future"},
                      Hang{"future_that_anybody_sets", "suspected 2: Future, RLock"},
                      Hang{"shutdown_with_lock", "certain 2: Executor, RLock"},
                      Hang{"group_with_lock", "certain 2: RLock, TaskGroup"},
                      Hang{"two_onces", "certain 2: Once, Once"}, Hang{"once_with_lock", "certain 2: Once, RLock"},
                      Hang{"once_within_itself", "refused"}, Hang{"notified_condition", "certain 2: RLock, RLock"},
                      Hang{"notified_condition_with_timeout", "certain 2: RLock, RLock"},
                      Hang{"condition_with_outer_lock", "nothing"}, Hang{"bounded_queue_with_lock", "nothing"},
                      Hang{"with_timeout", "nothing"}, Hang{"with_stop_token", "suspected 2: RLock, RLock"},
                      Hang{"lock_as_signal", "nothing"}, Hang{"interpreter_lock_with_lock", "goes on"},
                      Hang{"joined_by_others", "certain 2: RLock, RLock"}, Hang{"at_exit", "certain 2: RLock, RLock"},
                      Hang{"in_forked_child", "certain 2: RLock, RLock"},
                      Hang{"until_threads_can_be_started", "certain 2: RLock, RLock"},
                      Hang{"across_pools", "certain 2: RLock, RLock"},
                      Hang{"through_future_lock_and_join", "certain 3: Future, RLock, Thread.join"}),
    [](const auto& hang) { return std::string(hang.param.way); });

}  // namespace
}  // namespace threadwise
