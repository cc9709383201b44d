#include "threadwise/timeout.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>
#include <ratio>
#include <string>
#include <thread>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::hours;
using std::chrono::nanoseconds;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Timeout, HoldsWhatFits) {
    EXPECT_EQ(Timeout(5ns).duration(), 5ns);
    EXPECT_EQ(Timeout(2h).duration(), 2h);
    EXPECT_EQ(Timeout(duration<double>(0.25)).duration(), 250ms);
    EXPECT_EQ(Timeout(duration<float>(-0.5F)).duration(), -500ms);
    EXPECT_EQ(Timeout(duration<std::int8_t, std::ratio<3600>>(-2)).duration(), -2h);
    EXPECT_EQ(Timeout(duration<std::uint64_t, std::pico>(1500)).duration(), 2ns);
    EXPECT_EQ(Timeout(duration<std::int64_t, std::ratio<1, 3>>(4)).duration(), 1333333334ns);
    EXPECT_EQ(Timeout(nanoseconds::max() - 1ns).duration(), nanoseconds::max() - 1ns);
    static_assert(Timeout(1s).duration() == 1s);
}

TEST(Timeout, IsForeverWhereItDoesNotFit) {
    EXPECT_TRUE(Timeout(nanoseconds::max()).is_forever());
    EXPECT_TRUE(Timeout(hours::max()).is_forever());
    EXPECT_TRUE(Timeout(duration<std::uint64_t>(UINT64_MAX)).is_forever());
    EXPECT_TRUE(Timeout(duration<double>(infinity)).is_forever());
    EXPECT_TRUE(Timeout(duration<double, std::nano>(9223372036854775807.0)).is_forever());
    EXPECT_TRUE(Timeout(duration<float>(9223372036.8F)).is_negative() == false);
    EXPECT_TRUE(Timeout(duration<std::int64_t, std::ratio<1, 3>>(INT64_MAX)).is_forever());
}

TEST(Timeout, IsOverWhereItIsBelowAll) {
    for (const Timeout over : {Timeout(nanoseconds::min()), Timeout(hours::min()), Timeout(duration<double>(-infinity)),
                               Timeout(duration<float>(-1e30F)), Timeout(-1ns)}) {
        EXPECT_TRUE(over.is_negative());
        EXPECT_FALSE(over.is_forever());
        EXPECT_EQ(detail::Deadline(over).left().duration(), 0ns);
    }
}

TEST(Timeout, IsRefusedIfItIsNoNumber) {
    EXPECT_THROW(Timeout(duration<double>(nan)), ValueError);
    EXPECT_THROW(Timeout(duration<float, std::milli>(std::nanf(""))), ValueError);
    using Moment = std::chrono::time_point<std::chrono::steady_clock, duration<double>>;
    EXPECT_THROW(Timeout::until(Moment(duration<double>(nan))), ValueError);
}

TEST(Timeout, ReachesUntilAnyMoment) {
    using System = std::chrono::system_clock;
    using Hours = std::chrono::time_point<System, hours>;
    EXPECT_EQ(Timeout::until(System::now() - 1h).duration(), 0ns);
    EXPECT_EQ(Timeout::until(System::time_point::min()).duration(), 0ns);
    EXPECT_EQ(Timeout::until(Hours(hours::min())).duration(), 0ns);
    EXPECT_TRUE(Timeout::until(Hours(hours::max())).is_forever());
    EXPECT_GT(Timeout::until(System::time_point::max()).duration(), 24h * 365 * 200);
    const Timeout hour = Timeout::until(std::chrono::steady_clock::now() + 1h);
    EXPECT_GT(hour.duration(), 59min);
    EXPECT_LE(hour.duration(), 1h);
}

/// Every wait with that timeout says at once that nothing came.
template <class Duration>
void expect_over(Duration over) {
    Condition condition;
    {
        const std::scoped_lock hold(condition);
        EXPECT_FALSE(condition.wait(over));
        EXPECT_FALSE(condition.wait_for([] { return false; }, over));
        EXPECT_FALSE(condition.wait_for(
            std::stop_token(), [] { return false; }, over));
    }
    EXPECT_FALSE(Semaphore(0).acquire(true, over));
    EXPECT_FALSE(BoundedSemaphore(0).acquire(std::stop_token(), over));
    EXPECT_FALSE(Event().wait(over));
    EXPECT_FALSE(Latch(1).wait(over));
    EXPECT_THROW(Barrier(2).wait(over), BrokenBarrierError);
    EXPECT_THROW(Barrier(2, {}, over).wait(), BrokenBarrierError);
    EXPECT_NO_THROW(sleep_for(over));

    Thread thread([](std::stop_token stop) { sleep_for(std::move(stop), 1h); });
    thread.start();
    EXPECT_FALSE(thread.join(over));
    thread.request_stop();

    Lock lock;
    RLock rlock;
    SharedLock shared;
    lock.lock();
    testing::elsewhere([&] {
        rlock.lock();
        shared.lock();
        testing::elsewhere([&] {
            EXPECT_FALSE(lock.try_lock_for(over));
            EXPECT_FALSE(rlock.try_lock_for(over));
            EXPECT_FALSE(shared.try_lock_for(over));
            EXPECT_FALSE(shared.try_lock_shared_for(over));
        });
        rlock.unlock();
        shared.unlock();
    });

    bool went_off = false;
    Timer timer(over, [&] { went_off = true; });
    timer.start();
    timer.join();
    EXPECT_TRUE(went_off);
}

TEST(Timeout, OfZeroIsOver) { expect_over(0s); }
TEST(Timeout, BelowZeroIsOver) { expect_over(-1ns); }
TEST(Timeout, FarBelowZeroIsOver) {
    expect_over(nanoseconds::min());
    expect_over(hours::min());
    expect_over(duration<float>(-1e30F));
}
TEST(Timeout, OfMinusInfinityIsOver) { expect_over(duration<double>(-infinity)); }

TEST(Timeout, BelowZeroIsRefusedWhereItIsInPython) {
    for (const Timeout below : {Timeout(-1ns), Timeout(nanoseconds::min()), Timeout(duration<double>(-infinity))}) {
        EXPECT_THROW(Queue<int>().get(below), ValueError);
        EXPECT_THROW(Queue<int>().put(1, below), ValueError);
        EXPECT_THROW(SimpleQueue<int>().get(below), ValueError);
        EXPECT_THROW(Lock().acquire(true, below), ValueError);
        EXPECT_THROW(RLock().acquire(true, below), ValueError);
        EXPECT_THROW(InterpreterLock().acquire(true, below), ValueError);
    }
}

TEST(Timeout, MomentsLongPastAreOver) {
    using Moment = std::chrono::time_point<std::chrono::system_clock, hours>;
    const Moment past(hours::min());
    Lock lock;
    lock.lock();
    EXPECT_FALSE(lock.try_lock_until(past));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::time_point::min()));
    sleep_until(past);
    sleep_until(std::chrono::steady_clock::time_point::min());
    SharedLock shared;
    testing::elsewhere([&] {
        shared.lock();
        testing::elsewhere([&] {
            EXPECT_FALSE(shared.try_lock_until(past));
            EXPECT_FALSE(shared.try_lock_shared_until(past));
        });
        shared.unlock();
    });
}

TEST(Timeout, MomentsThatNeverComeAreForever) {
    using Moment = std::chrono::time_point<std::chrono::system_clock, hours>;
    Lock lock;
    lock.lock();
    std::jthread waiter([&] {
        EXPECT_TRUE(lock.try_lock_until(Moment(hours::max())));
        lock.unlock();
    });
    lock.unlock();
}

}  // namespace
}  // namespace threadwise
