// A wake-up by address may reach a stranger (runtime/waiting/door.hpp): each wait has to look again. Here each is woken
// by hand, at its own addresses, and has to sleep on.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using runtime::ThreadRecord;

constexpr int times = 5;

/// What was there before may have lain at any address that four divides, and all that sleep there are woken.
void wake_at_every_address(const void* object, std::size_t size) {
    const auto* const bytes = static_cast<const std::byte*>(object);
    for (std::size_t offset = 0; offset < size; offset += 4) runtime::unpark_all(bytes + offset);
}

/// Where the thread sleeps, if it does.
const void* address_of_sleep(const ThreadRecord& record) {
    return testing::is_queued(record) ? record.wait_node.address.load() : nullptr;
}

/// `wait` runs in a thread of its own. It sleeps; it is woken for nothing, and sleeps again; and goes on after `end`.
void expect_to_sleep_on(const void* object, std::size_t size, const std::function<void()>& wait,
                        const std::function<void(ThreadRecord&)>& end) {
    testing::SharedRecord shared;
    std::atomic<bool> returned{false};
    std::jthread waiter([&] {
        shared.share();
        wait();
        returned = true;
    });
    ThreadRecord& record = shared.get();
    for (int i = 0; i < times; ++i) {
        ASSERT_TRUE(testing::wait_until([&] { return address_of_sleep(record) != nullptr || returned; }));
        ASSERT_FALSE(returned) << "after having been woken for nothing " << i << " times";
        const void* const address = record.wait_node.address.load();
        // Locks, semaphores and the exact keys have addresses of their own kind.
        if (reinterpret_cast<std::uintptr_t>(address) % 4 == 0) runtime::unpark_all(address);
        wake_at_every_address(object, size);
    }
    ASSERT_TRUE(testing::wait_until([&] { return address_of_sleep(record) != nullptr || returned; }));
    ASSERT_FALSE(returned);
    end(record);
}

template <class Object>
void expect_to_sleep_on(Object& object, const std::function<void()>& wait, const std::function<void()>& end) {
    expect_to_sleep_on(&object, sizeof(Object), wait, [&](ThreadRecord&) { end(); });
}

TEST(Stranger, DoesNotOpenALatch) {
    Latch latch(1);
    expect_to_sleep_on(
        latch, [&] { EXPECT_TRUE(latch.wait() && latch.try_wait()); }, [&] { latch.count_down(); });
}

TEST(Stranger, DoesNotMakeALatchForgetItsTimeout) {
    Latch latch(1);
    Latch woken(1);
    std::jthread waiter([&] {
        EXPECT_FALSE(latch.wait(200ms));
        woken.count_down();
    });
    while (!woken.try_wait()) wake_at_every_address(&latch, sizeof latch);
}

TEST(Stranger, DoesNotSetAnEvent) {
    Event event;
    expect_to_sleep_on(
        event, [&] { EXPECT_TRUE(event.wait() && event.is_set()); }, [&] { event.set(); });
}

TEST(Stranger, DoesNotReleaseALock) {
    Lock lock;
    lock.lock();
    std::atomic<bool> released{false};
    expect_to_sleep_on(
        lock, [&] { EXPECT_TRUE(lock.acquire() && released); },
        [&] {
            released = true;
            lock.unlock();
        });
}

TEST(Stranger, DoesNotReleaseAnRLock) {
    RLock lock;
    lock.lock();
    std::atomic<bool> released{false};
    expect_to_sleep_on(
        lock,
        [&] {
            EXPECT_TRUE(lock.acquire() && released);
            lock.release();
        },
        [&] {
            released = true;
            lock.unlock();
        });
}

TEST(Stranger, GivesNoPermit) {
    Semaphore semaphore(0);
    expect_to_sleep_on(
        semaphore, [&] { EXPECT_TRUE(semaphore.acquire()); }, [&] { semaphore.release(); });
    EXPECT_EQ(semaphore.value(), 0);
}

TEST(Stranger, NotifiesNoCondition) {
    Condition condition;
    bool notified = false;
    expect_to_sleep_on(
        condition,
        [&] {
            const std::scoped_lock hold(condition);
            EXPECT_TRUE(condition.wait() && notified);
        },
        [&] {
            const std::scoped_lock hold(condition);
            notified = true;
            condition.notify();
        });
}

TEST(Stranger, UsesUpNoNotification) {
    Condition condition;
    int awake = 0;
    auto wait = [&] {
        const std::scoped_lock hold(condition);
        EXPECT_TRUE(condition.wait());
        ++awake;
        condition.notify();
    };
    std::jthread first(wait);
    ASSERT_TRUE(testing::wait_for_asleep(&condition, 1));
    std::jthread second(wait);
    ASSERT_TRUE(testing::wait_for_asleep(&condition, 2));
    wake_at_every_address(&condition, sizeof condition);
    {
        const std::scoped_lock hold(condition);
        EXPECT_EQ(awake, 0);
        condition.notify();
    }
    first.join();
    second.join();
    EXPECT_EQ(awake, 2);
}

TEST(Stranger, LetsNobodyReadASharedLock) {
    SharedLock lock;
    lock.lock();
    std::atomic<bool> released{false};
    expect_to_sleep_on(
        lock,
        [&] {
            lock.lock_shared();
            EXPECT_TRUE(released);
            lock.unlock_shared();
        },
        [&] {
            released = true;
            lock.unlock();
        });
    EXPECT_TRUE(lock.try_lock());
}

TEST(Stranger, LetsNobodyWriteASharedLock) {
    SharedLock lock;
    lock.lock_shared();
    std::atomic<bool> released{false};
    expect_to_sleep_on(
        lock,
        [&] {
            lock.lock();
            EXPECT_TRUE(released);
            lock.unlock();
        },
        [&] {
            released = true;
            lock.unlock_shared();
        });
}

TEST(Stranger, CompletesNoMeetingAtABarrier) {
    Barrier barrier(2);
    std::atomic<bool> came{false};
    expect_to_sleep_on(
        barrier,
        [&] {
            barrier.wait();
            EXPECT_TRUE(came);
        },
        [&] {
            came = true;
            barrier.wait();
        });
}

TEST(Stranger, EndsNoOnce) {
    Once once;
    Event begun;
    Event end;
    std::jthread first([&] {
        call_once(once, [&] {
            begun.set();
            end.wait();
        });
    });
    begun.wait();
    expect_to_sleep_on(
        once,
        [&] {
            call_once(once, [] { ADD_FAILURE() << "it was under way"; });
            EXPECT_TRUE(once.is_done());
        },
        [&] { end.set(); });
}

TEST(Stranger, EndsNoThread) {
    Event end;
    Thread thread([&] { end.wait(); });
    thread.start();
    expect_to_sleep_on(
        thread,
        [&] {
            EXPECT_TRUE(thread.join());
            EXPECT_FALSE(thread.is_alive());
        },
        [&] { end.set(); });
}

TEST(Stranger, EndsNoSleep) {
    expect_to_sleep_on(
        nullptr, 0, [] { EXPECT_THROW(sleep_for(1h), InterruptedError); },
        [](ThreadRecord& record) { runtime::interrupt(record); });
}

TEST(Stranger, MakesNoTimerGoOff) {
    testing::SharedRecord shared;
    std::atomic<bool> went_off{false};
    Timer timer(1h, [&] { went_off = true; });
    timer.start();
    const auto timers_record = [] {
        std::shared_ptr<ThreadRecord> found;
        runtime::registry::for_each([&](ThreadRecord& record) {
            if (record.site.read().kind == runtime::WaitKind::timer) found = record.shared_from_this();
        });
        return found;
    };
    ASSERT_TRUE(testing::wait_until([&] { return timers_record() != nullptr; }));
    const auto record = timers_record();
    for (int i = 0; i < times; ++i) {
        ASSERT_TRUE(testing::wait_until([&] { return address_of_sleep(*record) != nullptr || went_off; }));
        ASSERT_FALSE(went_off);
        runtime::unpark_all(record->wait_node.address.load());
    }
    ASSERT_TRUE(testing::wait_until([&] { return address_of_sleep(*record) != nullptr || went_off; }));
    timer.cancel();
    timer.join();
    EXPECT_FALSE(went_off);
}

TEST(Stranger, PutsNothingIntoAQueue) {
    Queue<int> queue;
    expect_to_sleep_on(
        queue, [&] { EXPECT_EQ(queue.get(), 7); }, [&] { queue.put(7); });
}

TEST(Stranger, TakesNothingOutOfAQueue) {
    LifoQueue<int> queue(1);
    queue.put(1);
    expect_to_sleep_on(
        queue, [&] { queue.put(2); }, [&] { EXPECT_EQ(queue.get(), 1); });
    EXPECT_EQ(queue.get_nowait(), 2);
}

TEST(Stranger, DoesNobodysWork) {
    Queue<int> queue;
    queue.put(1);
    std::atomic<bool> done{false};
    expect_to_sleep_on(
        queue,
        [&] {
            queue.join();
            EXPECT_TRUE(done);
        },
        [&] {
            done = true;
            queue.task_done();
        });
}

TEST(Stranger, FreesNoInterpreter) {
    InterpreterLock lock;
    lock.acquire();
    std::atomic<bool> released{false};
    expect_to_sleep_on(
        nullptr, 0,
        [&] {
            lock.acquire();
            EXPECT_TRUE(released);
            lock.release();
        },
        [&](ThreadRecord&) {
            released = true;
            lock.release();
        });
}

}  // namespace
}  // namespace threadwise
