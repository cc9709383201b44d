#include "threadwise/interpreter_lock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::elsewhere;
using testing::is_free;
using testing::wait_for_asleep;
using testing::wait_until;

TEST(InterpreterLock, IsFreeOrHeld) {
    InterpreterLock lock;
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.acquire());
    EXPECT_TRUE(lock.locked());
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(is_free(lock));
    lock.release();
    EXPECT_FALSE(lock.locked());
    EXPECT_FALSE(lock.is_held());
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, IsHeldByTheThreadThatTookIt) {
    InterpreterLock lock;
    lock.lock();
    elsewhere([&] { EXPECT_FALSE(lock.is_held()); });
    lock.unlock();
}

TEST(InterpreterLock, RefusesMisuse) {
    InterpreterLock lock;
    InterpreterLock other;
    EXPECT_THROW(lock.release(), RuntimeError);
    EXPECT_THROW(static_cast<void>(lock.allow_threads()), RuntimeError);
    lock.lock();
    EXPECT_THROW(lock.lock(), RuntimeError);
    EXPECT_THROW(lock.acquire(true, 1ms), RuntimeError);
    EXPECT_FALSE(lock.try_lock());
    EXPECT_THROW(other.lock(), RuntimeError);
    EXPECT_THROW(other.try_lock(), RuntimeError);
    EXPECT_THROW(other.release(), RuntimeError);
    elsewhere([&] { EXPECT_THROW(lock.release(), RuntimeError); });
    EXPECT_TRUE(lock.is_held());
    EXPECT_FALSE(other.locked());
    lock.unlock();
    EXPECT_THROW(lock.acquire(false, 1ms), ValueError);
    EXPECT_THROW(lock.acquire(true, -1ms), ValueError);
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, RefusesOptionsOutOfRange) {
    EXPECT_THROW(InterpreterLock({.switch_interval = 0ms}), ValueError);
    EXPECT_THROW(InterpreterLock({.switch_interval = -1ms}), ValueError);
    EXPECT_THROW(InterpreterLock({.switch_interval = 2h}), ValueError);
    EXPECT_THROW(InterpreterLock({.computing_share = -0.1}), ValueError);
    EXPECT_THROW(InterpreterLock({.computing_share = 1}), ValueError);
    EXPECT_NO_THROW(InterpreterLock({.switch_interval = 1us, .computing_share = 0}));
}

TEST(InterpreterLock, GivesUpWaitingInTime) {
    InterpreterLock lock;
    const ScopedInterpreter hold(lock);
    elsewhere([&] {
        EXPECT_FALSE(lock.acquire(true, 0ms));
        EXPECT_FALSE(lock.acquire(true, 2ms));
        std::stop_source source;
        source.request_stop();
        EXPECT_FALSE(lock.acquire(source.get_token()));
        EXPECT_FALSE(lock.is_held());
    });
}

TEST(InterpreterLock, GivesUpWaitingWhenAskedToStop) {
    InterpreterLock lock;
    lock.lock();
    std::jthread waiter([&](std::stop_token stop) { EXPECT_FALSE(lock.acquire(stop)); });
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    waiter.request_stop();
    waiter.join();
    lock.unlock();
    EXPECT_TRUE(is_free(lock));
}

TEST(InterpreterLock, GivesUpWaitingWhenInterrupted) {
    InterpreterLock lock;
    lock.lock();
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        EXPECT_THROW(lock.acquire(), InterruptedError);
        EXPECT_FALSE(lock.is_held());
    });
    EXPECT_TRUE(wait_for_asleep(&lock, 1));
    runtime::interrupt(record.get());
    waiter.join();
    lock.unlock();
    EXPECT_TRUE(is_free(lock));
}

TEST(ScopedInterpreter, DoesNothingWhereTheLockIsHeldAlready) {
    InterpreterLock lock;
    const ScopedInterpreter hold(lock);
    {
        const ScopedInterpreter again(lock);
        EXPECT_TRUE(lock.is_held());
    }
    EXPECT_TRUE(lock.is_held());
}

TEST(ScopedInterpreter, ReleasesWhenAnExceptionLeaves) {
    InterpreterLock lock;
    try {
        const ScopedInterpreter hold(lock);
        throw RuntimeError("from inside");
    } catch (const RuntimeError&) {
        EXPECT_TRUE(is_free(lock));
    }
}

TEST(InterpreterLock, IsSeenInADump) {
    InterpreterLock lock;
    lock.lock();
    Thread waiter({.name = "guest"}, [&] { const ScopedInterpreter hold(lock); });
    waiter.start();
    // Now and then the waiter is awake to look at the clock, and only asleep can its holder be read.
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream text;
        dump(text);
        return text.str().find("waits for InterpreterLock") != std::string::npos &&
               text.str().find("held by \"" + current_thread().name()) != std::string::npos;
    }));
    lock.unlock();
}

}  // namespace
}  // namespace threadwise
