// How a process ends while daemons are busy: with its exit status, with all that it printed, and in good time. The
// process is exit_program.cpp.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/busy_daemons.hpp"
#include "support/backend.hpp"
#include "support/command_output.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;

struct Ended {
    int status = -1;
    std::string printed;
    std::chrono::nanoseconds took{};  ///< from the moment at which the program printed "ending"
};

/// Removes the time of the steady clock from the line "ending TIME" of the program's output, and returns it.
std::chrono::nanoseconds take_ending_time(std::string& printed) {
    const std::string mark = "ending ";
    const std::size_t found = printed.find(mark);
    if (found == std::string::npos) return {};
    const std::size_t begin = found + mark.size();
    const std::size_t end = printed.find('\n', begin);
    const std::chrono::nanoseconds time(std::stoll(printed.substr(begin, end - begin)));
    printed.erase(begin - 1, end - begin + 1);
    return time;
}

/// Runs `exit_program HOW STATUS DAEMONS`, which lies in this test's folder. The status is 124 if it hangs.
Ended run(const std::string& how, int status, const std::string& daemons = {}) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "exit_program";
    // The thread sanitizer would sleep for a second at each exit. It does not instrument the system's libraries, and
    // reports false races of daemons that are busy in them.
    const std::string options = std::string("atexit_sleep_ms=0") + (daemons.empty() ? "" : " report_bugs=0");
    const std::string command = "TSAN_OPTIONS=\"$TSAN_OPTIONS " + options + "\" timeout -k 1 60 " + program.string() +
                                " " + how + " " + std::to_string(status) + " " + daemons + " 2>/dev/null";
    testing::CommandOutput output = testing::output_of_command(command);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    Ended ended{.status = output.status, .printed = std::move(output.text)};
    ended.took = now - take_ending_time(ended.printed);
    return ended;
}

constexpr const char* destroyed = "statics destroyed\n";

std::string expected(const std::string& how) {
    const bool joins = how == "return" || how == "exit";
    return std::string("begin\nending\nfirst\nsecond\n") + (joins ? "worker done\n" : "");
}

/// Static objects are not destroyed if the threads cannot be stopped in time. That is accepted of a run that took long,
/// as it does on a machine that is busy with other programs.
void expect_end(const Ended& ended, const std::string& how, int status) {
    constexpr auto good_time = 500ms;
    EXPECT_EQ(ended.status, status) << "printed\n" << ended.printed;
    if (ended.took >= good_time && ended.printed == expected(how)) return;
    EXPECT_EQ(ended.printed, expected(how) + destroyed) << "after " << ended.took / 1ms << " ms";
}

/// Runs the program that often, checks each end, and prints how long they took.
void end_often(int times, const std::string& how, const std::string& daemons = {}) {
    std::vector<double> milliseconds;
    for (int i = 0; i < times && !::testing::Test::HasFailure(); ++i) {
        const int status = i % 60;
        const Ended ended = run(how, status, daemons);
        SCOPED_TRACE("run " + std::to_string(i));
        expect_end(ended, how, status);
        milliseconds.push_back(std::chrono::duration<double, std::milli>(ended.took).count());
    }
    std::ranges::sort(milliseconds);
    const auto at = [&](double part) {
        return milliseconds.at(static_cast<std::size_t>(part * static_cast<double>(milliseconds.size() - 1)));
    };
    std::printf("%zu exits (%s %s): p50 %.0f ms, p99 %.0f ms, max %.0f ms\n", milliseconds.size(), how.c_str(),
                daemons.c_str(), at(0.5), at(0.99), at(1));
}

class Shutdown : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override { THREADWISE_NEEDS("way to stop daemons that are busy"); }
};

TEST_P(Shutdown, EndsWithDaemonsBusy) { end_often(20, GetParam()); }
TEST_P(Shutdown, SoakEndsWithDaemonsBusy) { end_often(1000, GetParam()); }

INSTANTIATE_TEST_SUITE_P(How, Shutdown, ::testing::Values("return", "exit", "daemon", "thread", "twice"),
                         [](const auto& how) { return std::string(how.param); });

class ShutdownOfBusy : public ::testing::TestWithParam<busy_with::Kind> {
protected:
    void SetUp() override { THREADWISE_NEEDS("way to stop daemons that are busy"); }

    static std::string daemons(int count) { return std::string(GetParam().name) + " " + std::to_string(count); }
};

TEST_P(ShutdownOfBusy, EndsInGoodTime) { end_often(5, "exit", daemons(4)); }

TEST_P(ShutdownOfBusy, SoakEndsInGoodTime) {
    for (const int count : {1, 4, 16}) end_often(100, "exit", daemons(count));
}

INSTANTIATE_TEST_SUITE_P(In, ShutdownOfBusy, ::testing::ValuesIn(busy_with::kinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(ShutdownOfAllKinds, EndsInGoodTime) {
    THREADWISE_NEEDS("way to stop daemons that are busy");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "so many threads are too slow under a sanitizer; each kind is tried by itself";
#endif
    end_often(5, "daemon", "all 1");
}

TEST(ShutdownThatCannotDestroy, EndsWhenADaemonFillsAPipe) {
    THREADWISE_NEEDS("way to see what the exiting thread waits for");
    const Ended ended = run("exit", 6, "full_pipe 4");
    EXPECT_EQ(ended.status, 6);
    EXPECT_EQ(ended.printed, expected("exit") + destroyed);
    EXPECT_LT(ended.took, 20s);  // 0.6 s, unless the exit waits for the daemon
}

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
