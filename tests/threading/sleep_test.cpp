#include "threadwise/sleep.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool someone_sleeps() {
    bool found = false;
    runtime::registry::for_each(
        [&](runtime::ThreadRecord& record) { found |= record.site.read().kind == runtime::WaitKind::sleep; });
    return found;
}

TEST(Sleep, IsNotShorterThanAsked) {
    const auto before = Clock::now();
    sleep_for(3ms);
    EXPECT_GE(Clock::now() - before, 3ms);
    EXPECT_TRUE(sleep_for(std::stop_token(), 1ms));
}

TEST(Sleep, OfNothingReturnsAtOnce) {
    sleep_for(0s);
    sleep_for(-1h);
    EXPECT_TRUE(sleep_for(std::stop_token(), std::chrono::nanoseconds::min()));
    sleep_until(Clock::now() - 1h);
    sleep_until(Clock::time_point::min());
}

TEST(Sleep, UntilATimeOnAnyClock) {
    const auto steady = Clock::now() + 3ms;
    sleep_until(steady);
    EXPECT_GE(Clock::now(), steady);
    const auto system = std::chrono::system_clock::now() + 3ms;
    EXPECT_TRUE(sleep_until(std::stop_token(), system));
    EXPECT_GE(std::chrono::system_clock::now(), system);
}

TEST(Sleep, EndsWhenStopIsRequested) {
    std::jthread sleeper([](const std::stop_token& stop) { EXPECT_FALSE(sleep_for(stop, forever)); });
    ASSERT_TRUE(testing::wait_until(someone_sleeps));
    sleeper.request_stop();
    sleeper.join();

    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(sleep_for(stop.get_token(), forever));
    EXPECT_FALSE(sleep_until(stop.get_token(), Clock::now() + 1h));
    EXPECT_FALSE(sleep_until(stop.get_token(), Clock::now() - 1h));
}

TEST(Sleep, EndsWhenInterrupted) {
    testing::SharedRecord record;
    std::jthread sleeper([&] {
        record.share();
        EXPECT_THROW(sleep_for(forever), InterruptedError);
        sleep_for(1ms);
    });
    runtime::interrupt(record.get());
}

TEST(Sleep, IsWrittenDown) {
    testing::SharedRecord record;
    SourceLocation here;
    std::jthread sleeper([&](const std::stop_token& stop) {
        record.share();
        here = SourceLocation::current();
        sleep_for(stop, 1h);
    });
    ASSERT_TRUE(testing::wait_until(someone_sleeps));
    const runtime::WaitSite site = record.get().site.read();
    EXPECT_EQ(site.where.line(), here.line() + 1);
    EXPECT_GE(site.deadline, Clock::now() + 1min);
    EXPECT_LE(site.deadline, Clock::now() + 1h);
}

}  // namespace
}  // namespace threadwise
