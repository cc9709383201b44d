#include "threadwise/embed/blocking_hooks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/embed/signals.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;

WaitSite site_of(const void* object, platform::Instant deadline = platform::never) {
    return {.kind = WaitKind::event, .object = object, .where = SourceLocation::current(), .deadline = deadline};
}

/// A wait that times out at once.
void wait_in_vain(const void* address) {
    Waiting waiting(site_of(address, platform::now()));
    EXPECT_EQ(waiting.park(address, [] { return true; }), Wakeup::timed_out);
}

class Diary : public BlockingHooks {
public:
    Diary(std::string name, std::string& entries) : name_(std::move(name)), entries_(entries) {}
    void before_wait() noexcept override { entries_ += "-" + name_; }
    void after_wait() noexcept override { entries_ += "+" + name_; }

private:
    std::string name_;
    std::string& entries_;
};

TEST(BlockingHooks, RunAroundAWaitFromTheNewestInwardsAndOutAgain) {
    std::string entries;
    Diary old("old", entries);
    Diary young("young", entries);
    const BlockingHooksScope outer(old);
    const BlockingHooksScope inner(young);
    wait_in_vain(&entries);
    EXPECT_EQ(entries, "-young-old+old+young");
}

TEST(BlockingHooks, EndWithTheirScopeAndStayOnTheirThread) {
    std::string entries;
    Diary old("old", entries);
    const BlockingHooksScope outer(old);
    {
        Diary young("young", entries);
        const BlockingHooksScope inner(young);
    }
    std::thread([&] { wait_in_vain(&entries); }).join();
    EXPECT_EQ(entries, "");
    wait_in_vain(&entries);
    EXPECT_EQ(entries, "-old+old");
}

/// Waits itself, in both hooks.
class Sleepy : public BlockingHooks {
public:
    void before_wait() noexcept override {
        ++calls;
        wait_in_vain(this);
    }
    void after_wait() noexcept override {
        ++calls;
        wait_in_vain(this);
    }
    int calls = 0;
};

TEST(BlockingHooks, AreNotCalledForTheirOwnWaits) {
    Sleepy sleepy;
    const BlockingHooksScope scope(sleepy);
    wait_in_vain(&sleepy);
    EXPECT_EQ(sleepy.calls, 2);
}

TEST(BlockingHooks, ThatWaitLeaveTheNoteOfTheOuterWaitInPlace) {
    const int address = 0;
    std::thread waiter([&] {
        Sleepy sleepy;
        const BlockingHooksScope scope(sleepy);
        Waiting waiting(site_of(&address));
        EXPECT_EQ(waiting.park(&address, [] { return true; }), Wakeup::woken);
    });
    ASSERT_TRUE(testing::wait_for_sleepers(&address, 1));
    EXPECT_EQ(testing::waiters(&address), 1U);
    unpark_all(&address);
    waiter.join();
}

class Doorbell : public BlockingHooks {
public:
    void before_wait() noexcept override {}
    void after_wait() noexcept override {}
    bool on_signal() noexcept override {
        ++asked;
        return rings;
    }
    std::atomic<int> asked{0};
    std::atomic<bool> rings{false};
};

TEST(BlockingHooks, EndAWaitWhenTheyWantASignal) {
    const int address = 0;
    Doorbell bell;
    testing::SharedRecord record;
    std::thread waiter([&] {
        const BlockingHooksScope scope(bell);
        record.share();
        Waiting waiting(site_of(&address));
        EXPECT_EQ(waiting.park(&address, [] { return true; }), Wakeup::interrupted);
    });
    ASSERT_TRUE(testing::wait_for_sleepers(&address, 1));
    const int asked = bell.asked;
    record.get().parker.kick();  // as a signal does that has been handled
    ASSERT_TRUE(testing::wait_until([&] { return bell.asked > asked; }));
    EXPECT_EQ(testing::sleepers(&address), 1U) << "the hook said no";
    bell.rings = true;
    record.get().parker.kick();
    waiter.join();
    EXPECT_EQ(testing::sleepers(&address), 0U);
}

TEST(BlockingHooks, AreNotAskedWhereNoSignalCame) {
    const int address = 0;
    Doorbell bell;
    bell.rings = true;
    const BlockingHooksScope scope(bell);
    WaitSite site = site_of(&address);
    site.deadline = platform::now() + std::chrono::milliseconds(1);
    Waiting waiting(site);
    EXPECT_EQ(waiting.park(&address, [] { return true; }), Wakeup::timed_out);
    EXPECT_EQ(bell.asked, 0);
}

TEST(BlockingHooks, AreAskedInTheNextWaitOfAMainThreadThatDoesNotSleep) {
    const int address = 0;
    Doorbell bell;
    bell.rings = true;
    const BlockingHooksScope scope(bell);
    embed::signal_main();
    Waiting first(site_of(&address));
    EXPECT_EQ(first.park(&address, [] { return true; }), Wakeup::interrupted);
    wait_in_vain(&address);
    EXPECT_EQ(bell.asked, 1);
}

}  // namespace
}  // namespace threadwise::runtime
