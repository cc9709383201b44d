// The suppressions for valgrind: with them no report is left about a function of the library's own.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/command_output.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool can_be_run = false;  // valgrind and the sanitizers exclude each other
#else
constexpr bool can_be_run = true;
#endif

/// What the tool is to watch; as a test by itself it is none.
TEST(Valgrind, Program) {
    Lock lock;
    Event begin;
    Queue<int> queue(2);
    int sum = 0;
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 3; ++i) {
        threads.push_back(std::make_unique<Thread>([&] {
            begin.wait();
            for (int k = 0; k < 20; ++k) {
                const std::scoped_lock hold(lock);
                queue.put(1);
            }
        }));
        threads.back()->start();
    }
    begin.set();
    for (int i = 0; i < 60; ++i) sum += queue.get();
    for (const auto& thread : threads) thread->join();
    EXPECT_EQ(sum, 60);
}

/// How many reports begin in a function whose name begins so.
std::size_t reports_in(const std::string& text, const std::string& function) {
    std::size_t count = 0;
    for (std::size_t at = text.find("   at 0x"); at != std::string::npos; at = text.find("   at 0x", at + 1)) {
        const std::size_t name = text.find(": ", at) + 2;
        if (text.compare(name, function.size(), function) == 0) ++count;
    }
    return count;
}

class Suppressions : public ::testing::TestWithParam<const char*> {};

TEST_P(Suppressions, LeaveNoReportAboutTheLibrary) {
    if (!can_be_run || testing::output_of_command("valgrind --version 2>&1").status != 0)
        GTEST_SKIP() << "valgrind is not installed";
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    const auto [text, status] =
        testing::output_of_command(std::string("valgrind --tool=") + GetParam() + " --suppressions=" SUPPRESSIONS " " +
                                   self + " --gtest_filter=Valgrind.Program 2>&1");
    EXPECT_EQ(status, 0) << text;
    EXPECT_NE(text.find("ERROR SUMMARY"), std::string::npos) << text;
    EXPECT_EQ(reports_in(text, "threadwise::runtime::"), 0U) << text;
    EXPECT_EQ(reports_in(text, "threadwise::detail::QueueSleepers"), 0U) << text;
}

INSTANTIATE_TEST_SUITE_P(Tools, Suppressions, ::testing::Values("helgrind", "drd"));

}  // namespace
}  // namespace threadwise
