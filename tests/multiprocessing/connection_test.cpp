#include "threadwise/multiprocessing/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/process_main.hpp"
#include "support/sleepers.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/multiprocessing/process.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/multiprocessing/wait.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {
namespace {

using namespace std::chrono_literals;
using testing::wait_for_waiters;

using Table = std::map<std::string, std::vector<int>>;

class ConnectionTest : public ::testing::Test {
protected:
    void SetUp() override {
        THREADWISE_NEEDS("pipes between processes");
        auto [first, second] = Pipe();
        ours_ = std::make_unique<Connection>(std::move(first));
        theirs_ = std::make_unique<Connection>(std::move(second));
    }

    Connection& ours() const { return *ours_; }
    Connection& theirs() const { return *theirs_; }

private:
    std::unique_ptr<Connection> ours_;
    std::unique_ptr<Connection> theirs_;
};

template <class Call>
bool is_interrupted(Call call) {
    try {
        call();
    } catch (const InterruptedError&) {
        return true;
    }
    return false;
}

/// Sends back what it is sent, until the other end is closed.
void echo(Connection connection) {
    for (;;) {
        try {
            connection.send(connection.recv<std::string>());
        } catch (const EOFError&) {
            return;
        }
    }
}

TEST_F(ConnectionTest, SendsValuesInOrder) {
    ours().send(7);
    ours().send("text");
    ours().send(Table{{"one", {1, 2}}});
    EXPECT_TRUE(theirs().poll());
    EXPECT_EQ(theirs().recv<int>(), 7);
    EXPECT_EQ(theirs().recv<std::string>(), "text");
    EXPECT_EQ(theirs().recv<Table>().at("one").back(), 2);
    EXPECT_FALSE(theirs().poll());
}

TEST_F(ConnectionTest, GoesToAndFroBetweenProcesses) {
    Process process(echo, theirs());
    process.start();
    theirs().close();
    for (int i = 0; i < 200; ++i) {
        ours().send(std::to_string(i));
        EXPECT_EQ(ours().recv<std::string>(), std::to_string(i));
    }
    const std::string large(3'000'000, 'x');
    Thread sender([&] { ours().send(large); });
    sender.start();
    EXPECT_EQ(ours().recv<std::string>(), large);
    sender.join();
    ours().close();
    process.join();
    EXPECT_EQ(process.exitcode(), 0);
}

TEST_F(ConnectionTest, EndOfOtherSideIsTold) {
    ours().send(1);
    ours().close();
    EXPECT_TRUE(ours().closed());
    EXPECT_THROW(ours().send(1), ValueError);
    EXPECT_EQ(theirs().recv<int>(), 1);
    EXPECT_TRUE(theirs().poll());
    EXPECT_THROW(theirs().recv<int>(), EOFError);
    EXPECT_THROW(theirs().send(2), BrokenPipeError);
}

TEST_F(ConnectionTest, DeathOfOtherSideIsToldAlsoInTheMiddleOfAMessage) {
    Process process(
        [](Connection connection) {
            Thread writer([&] { connection.send(std::string(5'000'000, 'y')); });  // waits for its reader
            writer.start();
            for (;;) std::this_thread::sleep_for(1h);
        },
        theirs());
    process.start();
    theirs().close();
    EXPECT_TRUE(ours().poll(forever));
    process.kill();
    EXPECT_THROW(ours().recv<std::string>(), EOFError);
}

TEST_F(ConnectionTest, AnotherTypeThanWasSentIsRefused) {
    ours().send(1);
    EXPECT_THROW(theirs().recv<double>(), RuntimeError);
    EXPECT_THROW(ours().send(Shared<std::atomic<int>>(1)), ValueError);
}

TEST_F(ConnectionTest, PollTimesOutAndStops) {
    EXPECT_FALSE(ours().poll());
    EXPECT_FALSE(ours().poll(1ms));
    std::stop_source stop;
    Thread poller([&] { EXPECT_FALSE(ours().poll(stop.get_token(), forever)); });
    poller.start();
    ASSERT_TRUE(wait_for_waiters(&ours(), 1));
    stop.request_stop();
    poller.join();
}

TEST_F(ConnectionTest, InterruptEndsRecvAndNothingIsLost) {
    bool interrupted = false;
    Thread receiver([&] { interrupted = is_interrupted([&] { ours().recv<int>(); }); });
    receiver.start();
    ASSERT_TRUE(wait_for_waiters(&ours(), 1));
    std::ostringstream text;
    dump(text);
    EXPECT_THAT(text.str(), ::testing::HasSubstr("multiprocessing.Connection.recv"));
    interrupt(receiver);
    receiver.join();
    EXPECT_TRUE(interrupted);
    theirs().send(5);
    EXPECT_EQ(ours().recv<int>(), 5);
}

TEST_F(ConnectionTest, InterruptInTheMiddleOfASendClosesIt) {
    bool interrupted = false;
    Thread sender([&] { interrupted = is_interrupted([&] { ours().send(std::string(5'000'000, 'x')); }); });
    sender.start();
    ASSERT_TRUE(wait_for_waiters(&ours(), 1));
    interrupt(sender);
    sender.join();
    EXPECT_TRUE(interrupted);
    EXPECT_TRUE(ours().closed());
    EXPECT_THROW(theirs().recv<std::string>(), EOFError);
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(ConnectionTest, WaitReturnsAllThatAreReady) {
    auto [others, their_others] = Pipe();
    EXPECT_THAT(wait({ours(), others}, 0s), IsEmpty());
    EXPECT_THAT(wait({ours(), others}, 1ms), IsEmpty());
    EXPECT_THAT(wait(std::span<const Waitable>(), 1ms), IsEmpty());
    their_others.send(1);
    EXPECT_THAT(wait({ours(), others}), ElementsAre(1));
    theirs().close();
    EXPECT_THAT(wait({ours(), others.fileno()}), ElementsAre(0, 1));
}

TEST_F(ConnectionTest, WaitKnowsWhatWasReceivedWithAnother) {
    theirs().send(1);
    theirs().send(2);
    EXPECT_EQ(ours().recv<int>(), 1);
    EXPECT_THAT(wait({ours()}, 0s), ElementsAre(0));
    EXPECT_EQ(ours().recv<int>(), 2);
    EXPECT_THAT(wait({ours()}, 0s), IsEmpty());
}

TEST_F(ConnectionTest, WaitSeesTheEndOfAProcess) {
    Process process(echo, theirs());
    process.start();
    theirs().close();
    auto [unused, their_unused] = Pipe();
    EXPECT_THAT(wait({unused, process, process.sentinel()}, 0s), IsEmpty());
    process.kill();
    EXPECT_THAT(wait({unused, process, process.sentinel()}), ElementsAre(1, 2));
}

TEST_F(ConnectionTest, WaitRefusesWhatIsClosed) {
    const int number = ours().fileno();
    ours().close();
    EXPECT_THROW(wait({ours()}), ValueError);
    EXPECT_THAT(wait({number}), ElementsAre(0));  // reading it fails at once
    EXPECT_THROW(wait({-1}), OSError);
}

TEST_F(ConnectionTest, WaitIsSeenAndInterrupted) {
    const std::vector<Waitable> objects{ours(), theirs()};
    bool interrupted = false;
    Thread waiter([&] { interrupted = is_interrupted([&] { wait(objects); }); });
    waiter.start();
    ASSERT_TRUE(wait_for_waiters(objects.data(), 1));
    std::ostringstream text;
    dump(text);
    EXPECT_THAT(text.str(), ::testing::HasSubstr("multiprocessing.wait"));
    interrupt(waiter);
    waiter.join();
    EXPECT_TRUE(interrupted);
}

TEST_F(ConnectionTest, StopEndsWait) {
    const std::vector<Waitable> objects{ours(), theirs()};
    std::stop_source stop;
    Thread waiter([&] { EXPECT_THAT(wait(stop.get_token(), objects), IsEmpty()); });
    waiter.start();
    ASSERT_TRUE(wait_for_waiters(objects.data(), 1));
    stop.request_stop();
    waiter.join();
}

}  // namespace
}  // namespace threadwise::multiprocessing
