#include "runtime/shutdown.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "support/backend.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::runtime {
namespace {

struct Ended {
    int status = -1;
    std::string printed;
};

/// Runs exit_program beside this test; status 124 if it hangs.
Ended run(const std::string& how, int status) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "exit_program";
    // The thread sanitizer would sleep for a second at each exit.
    const std::string command = "TSAN_OPTIONS=\"$TSAN_OPTIONS atexit_sleep_ms=0\" timeout -k 1 60 " + program.string() +
                                " " + how + " " + std::to_string(status) + " 2>/dev/null";
    std::FILE* const pipe = popen(command.c_str(), "r");
    Ended ended;
    std::array<char, 4096> part{};
    while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) {
        ended.printed.append(part.data(), count);
    }
    const int raw = pclose(pipe);
    ended.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return ended;
}

class Shutdown : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override { THREADWISE_NEEDS("way to stop daemons that are busy"); }

    static std::string expected() {
        const std::string how = GetParam();
        const bool joins = how == "return" || how == "exit";
        return std::string("begin\nending\nfirst\nsecond\n") + (joins ? "worker done\n" : "") + "statics destroyed\n";
    }
    static void end_often(int times) {
        for (int i = 0; i < times; ++i) {
            const int status = i % 60;
            const Ended ended = run(GetParam(), status);
            ASSERT_EQ(ended.status, status) << "at run " << i << ", which printed\n" << ended.printed;
            ASSERT_EQ(ended.printed, expected()) << "at run " << i;
        }
    }
};

TEST_P(Shutdown, EndsWithDaemonsBusy) { end_often(20); }
TEST_P(Shutdown, SoakEndsWithDaemonsBusy) { end_often(1000); }

INSTANTIATE_TEST_SUITE_P(How, Shutdown, ::testing::Values("return", "exit", "daemon", "thread", "twice"),
                         [](const auto& how) { return std::string(how.param); });

TEST(ShutdownThatCannotDestroy, EndsWhenADaemonHoldsWhatADestructorWants) {
    THREADWISE_NEEDS("way to see what the exiting thread waits for");
    const Ended ended = run("wanted", 7);
    EXPECT_EQ(ended.status, 7);
    EXPECT_EQ(ended.printed, "begin\nending\nfirst\nsecond\nworker done\n");
}

TEST(ShutdownThatCannotDestroy, EndsWhenADaemonCannotBeStopped) {
    THREADWISE_NEEDS("word for the status with which the process ends");
    const Ended ended = run("deaf", 8);
    EXPECT_EQ(ended.status, 8);
    EXPECT_EQ(ended.printed, "begin\nending\nfirst\nsecond\n");
}

}  // namespace
}  // namespace threadwise::runtime
