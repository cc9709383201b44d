// exit() where it is not expected: in pools' tasks, in hooks, in what exit() itself calls, by several threads.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/backend.hpp"
#include "support/command_output.hpp"

namespace threadwise::runtime {
namespace {

class ExitCalls : public ::testing::TestWithParam<const char*> {};

/// That it ends so, and says nothing of what must not happen.
void expect_status(const std::string& program, const std::string& how, int status) {
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    // The thread sanitizer would sleep for a second at each exit. What a held thread was about to free is a leak.
    const std::string command =
        "TSAN_OPTIONS=\"$TSAN_OPTIONS atexit_sleep_ms=0\" ASAN_OPTIONS=\"$ASAN_OPTIONS:detect_leaks=0\" "
        "timeout -k 1 60 " +
        (folder / program).string() + " " + how + " " + std::to_string(status) + " 2>&1";
    const auto [printed, ended] = testing::output_of_command(command);
    ASSERT_EQ(ended, status) << (ended == 124 ? "it hangs; printed\n" : "printed\n") << printed;
    ASSERT_EQ(printed.find("wrong"), std::string::npos) << printed;
    ASSERT_EQ(printed.find("xception"), std::string::npos) << printed;
}

TEST_P(ExitCalls, EndTheProcessWithTheFirstStatus) {
    THREADWISE_NEEDS("word for the status with which the process ends");
#if defined(__SANITIZE_THREAD__)
    if (GetParam() == std::string("in_child_of_pool_task")) {
        GTEST_SKIP() << "the thread sanitizer lets no forked child of several threads start one";
    }
#elif defined(__SANITIZE_ADDRESS__)
    if (GetParam() == std::string("in_child_of_pool_task")) {
        GTEST_SKIP() << "gcc 12's address sanitizer leaves its allocator locked in a child forked while others free";
    }
#endif
    for (int status = 1; status <= 10; ++status) expect_status("exit_calls_program", GetParam(), status);
}

TEST(ExitCallsWithoutThreads, EndTheProcessWithTheFirstStatus) {
    THREADWISE_NEEDS("word for the status with which the process ends");
    expect_status("exit_without_threads_program", "", 7);
}

INSTANTIATE_TEST_SUITE_P(In, ExitCalls,
                         ::testing::Values("pool_task", "default_pool_task", "hook", "thread_hook", "awaited_by_thread",
                                           "main_submits", "daemon_submits_for_call", "main_submits_for_call",
                                           "main_waits_for_pool", "main_waits_for_future", "main_waits_for_group",
                                           "main_starts_threads", "main_joins", "main_joins_for_a_time",
                                           "main_destroys", "main_joins_foreign", "thread_joins",
                                           "thread_waits_for_future", "thread_waits_at_barrier",
                                           "thread_waits_for_lock", "with_interpreter_lock", "in_function",
                                           "unwound_in_function", "cancelled_in_function", "pools_close_first",
                                           "interrupted_while_pools_end", "pool_made_at_the_end",
                                           "in_child_of_pool_task", "in_atexit", "in_destructor", "in_thread_local",
                                           "all_at_once", "in_forked_child", "while_threads_start"),
                         [](const auto& how) { return std::string(how.param); });

}  // namespace
}  // namespace threadwise::runtime
