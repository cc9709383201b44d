// The end of the process in the midst of a storm.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "storm/seed.hpp"
#include "support/threads.hpp"

namespace threadwise::storm {
namespace {

/// Status 124 if it hangs.
int end_in_storm(std::uint64_t seed, int status) {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "storm_program";
    // What the threads own that are held at the end is no leak.
    const std::string command = "ASAN_OPTIONS=\"$ASAN_OPTIONS:detect_leaks=0\" timeout -k 1 60 " + program.string() +
                                " " + std::to_string(seed) + " " + std::to_string(status);
    const int ended = std::system(command.c_str());
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

void end_often(int times) {
    const std::uint64_t first = choose_seed();
    for (int i = 0; i < times; ++i) {
        const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
        EXPECT_EQ(end_in_storm(seed, 40 + i % 50), 40 + i % 50) << "again with THREADWISE_STORM_SEED=" << seed;
    }
}

TEST(StormExit, StressKeepsItsStatus) { end_often(testing::rounds(30)); }
TEST(StormExit, SoakKeepsItsStatus) { end_often(1000); }

}  // namespace
}  // namespace threadwise::storm
