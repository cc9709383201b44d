#include "threadwise/excepthook.hpp"
#include "threadwise/thread.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>

namespace threadwise {
namespace {

void fail(const std::string& why) { throw std::out_of_range(why); }

void run_failing_thread() {
    Thread thread({.name = "unlucky"}, fail, "beyond");
    thread.start();
    thread.join();
}

std::string stderr_of(void (*action)()) {
    testing::internal::CaptureStderr();
    action();
    return testing::internal::GetCapturedStderr();
}

TEST(Excepthook, ReportsOnStderr) {
    EXPECT_EQ(stderr_of(run_failing_thread), "Exception in thread unlucky:\nstd::out_of_range: beyond\n");
}

TEST(Excepthook, ReportsWhatIsNoStandardException) {
    EXPECT_EQ(stderr_of([] {
                  Thread thread({.name = "odd"}, [] { throw 3; });
                  thread.start();
                  thread.join();
              }),
              "Exception in thread odd:\nint\n");
}

TEST(Excepthook, CanBeReplacedAndRestored) {
    std::optional<ExceptHookArgs> seen;
    EXPECT_FALSE(set_excepthook([&](const ExceptHookArgs& args) { seen = args; }));
    EXPECT_EQ(stderr_of(run_failing_thread), "");
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->thread.name(), "unlucky");
    EXPECT_THROW(std::rethrow_exception(seen->exception), std::out_of_range);
    EXPECT_TRUE(set_excepthook({}));
    EXPECT_THAT(stderr_of(run_failing_thread), testing::StartsWith("Exception in thread unlucky"));
}

TEST(Excepthook, ThatFailsIsReportedItself) {
    set_excepthook([](const ExceptHookArgs&) { throw std::logic_error("bad hook"); });
    EXPECT_EQ(stderr_of(run_failing_thread),
              "The excepthook itself failed: std::logic_error: bad hook\nwhen handling:\n"
              "Exception in thread unlucky:\nstd::out_of_range: beyond\n");
    set_excepthook({});
}

TEST(Excepthook, RunsOnTheThreadThatFailed) {
    std::optional<ThreadHandle> seen;
    set_excepthook([&](const ExceptHookArgs& args) {
        EXPECT_EQ(args.thread, current_thread());
        seen = args.thread;
    });
    Thread thread(fail, "here");
    thread.start();
    thread.join();
    set_excepthook({});
    EXPECT_EQ(*seen, thread);
}

}  // namespace
}  // namespace threadwise
