// Locks, conditions and the other primitives while something fails: used by two threads that have never used the
// library before, so that all that a thread needs is made meanwhile.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "faults/support/faults.hpp"
#include "support/backend.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"
#include "threadwise/multiprocessing/value.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using testing::faults::Counted;
using testing::faults::survives_all_faults;
using testing::faults::Trial;

/// Runs it on two threads at once. It may fail, and then must leave nothing locked.
template <class Body>
void on_two_threads(Trial& trial, Body body) {
    trial.attempt([&] {
        std::jthread one([&] { trial.attempt(body); });
        trial.attempt(body);
    });
}

template <class Lockable>
void lock_and_unlock(Trial& trial) {
    Lockable lock;
    long count = 0;
    std::atomic<long> counted{0};
    on_two_threads(trial, [&] {
        for (int i = 0; i < 300; ++i) {
            const std::lock_guard hold(lock);
            ++count;
            ++counted;
        }
    });
    trial.expect(count == counted, "one at a time");
    trial.attempt([&] {
        trial.expect(lock.try_lock(), "nobody has the lock");
        lock.unlock();
    });
}
TEST(LockFaults, Lock) { survives_all_faults(lock_and_unlock<Lock>); }
TEST(LockFaults, RLock) { survives_all_faults(lock_and_unlock<RLock>); }
TEST(LockFaults, SharedLockForWriting) { survives_all_faults(lock_and_unlock<SharedLock>); }

void read_and_write(Trial& trial) {
    SharedLock lock;
    on_two_threads(trial, [&] {
        for (int i = 0; i < 200; ++i) {
            if (i % 10 == 0) {
                const std::lock_guard hold(lock);
            } else {
                const std::shared_lock hold(lock);
            }
        }
    });
    trial.attempt([&] {
        trial.expect(lock.try_lock(), "nobody has the lock");
        lock.unlock();
    });
}
TEST(LockFaults, SharedLock) { survives_all_faults(read_and_write); }

void semaphores(Trial& trial) {
    Semaphore semaphore(1);
    std::atomic<int> inside{0};
    on_two_threads(trial, [&] {
        for (int i = 0; i < 200; ++i) {
            semaphore.acquire();
            trial.expect(++inside == 1, "one at a time");
            --inside;
            semaphore.release();
        }
    });
    trial.attempt([&] { trial.expect(semaphore.try_acquire(), "the permit is there"); });
}
TEST(LockFaults, Semaphore) { survives_all_faults(semaphores); }

/// A thread waits until another, which is certain to come, has called `tell()`.
template <class Wait, class Tell>
void wait_for_another(Trial& trial, Wait wait, Tell tell) {
    std::jthread waiter;
    trial.in_peace([&] { waiter = std::jthread([&] { trial.attempt(wait); }); });
    while (!trial.attempt(tell)) {}
}

void events(Trial& trial) {
    Event event;
    wait_for_another(
        trial, [&] { event.wait(); }, [&] { event.set(); });
    trial.expect(event.is_set(), "the event is set");
}
TEST(LockFaults, Event) { survives_all_faults(events); }

void conditions(Trial& trial) {
    Condition condition;
    bool ready = false;
    wait_for_another(
        trial,
        [&] {
            const std::lock_guard hold(condition);
            condition.wait_for([&] { return ready; });
        },
        [&] {
            const std::lock_guard hold(condition);
            ready = true;
            condition.notify_all();
        });
}
TEST(LockFaults, Condition) { survives_all_faults(conditions); }

void latches(Trial& trial) {
    Latch latch(1);
    std::atomic<bool> told{false};
    wait_for_another(
        trial, [&] { latch.wait(); },
        [&] {
            if (!told.exchange(true)) latch.count_down();
        });
}
TEST(LockFaults, Latch) { survives_all_faults(latches); }

void barriers(Trial& trial) {
    trial.attempt([&] {
        Barrier barrier(2, [counted = Counted()] {});
        std::atomic<int> passed{0};
        auto come = [&] {
            try {
                for (int i = 0; i < 20; ++i) {
                    barrier.wait();
                    ++passed;
                }
            } catch (const BrokenBarrierError&) {
                // the other one has failed
            } catch (...) {
                barrier.abort();
                throw;
            }
        };
        std::jthread other([&] { trial.attempt(come); });
        trial.attempt(come);
    });
}
TEST(LockFaults, Barrier) { survives_all_faults(barriers); }

void once(Trial& trial) {
    Once flag;
    std::atomic<int> calls{0};
    std::atomic<int> returned{0};
    on_two_threads(trial, [&] {
        call_once(flag, [&] { ++calls; });
        ++returned;
    });
    trial.expect(calls <= 1 && (returned == 0 || calls == 1), "called once");
}
TEST(LockFaults, Once) { survives_all_faults(once); }

void interpreter(Trial& trial) {
    trial.attempt([&] {
        InterpreterLock lock;
        long count = 0;
        std::atomic<long> counted{0};
        on_two_threads(trial, [&] {
            for (int i = 0; i < 20; ++i) {
                const ScopedInterpreter hold(lock);
                ++count;
                ++counted;
                if (i % 5 == 0) sleep_for(std::chrono::microseconds(10));
                lock.checkpoint();
            }
        });
        trial.expect(count == counted, "one at a time");
    });
}
TEST(LockFaults, InterpreterLock) { survives_all_faults(interpreter); }

void across_processes(Trial& trial) {
    using namespace multiprocessing;
    trial.attempt([&] {
        const Value<long> count(0);
        std::atomic<long> counted{0};
        on_two_threads(trial, [&] {
            for (int i = 0; i < 100; ++i) {
                const std::lock_guard hold(count);
                ++count.get_obj();
                ++counted;
            }
        });
        trial.expect(count.get_obj() == counted, "one at a time");
    });
    // Closed in a destructor, whatever there is memory for by then.
    trial.attempt([] {
        const SharedMemory named({.create = true, .size = 1});
        const SharedMemory same({.name = named.name()});
    });
}
TEST(LockFaults, AcrossProcesses) {
    THREADWISE_NEEDS("shared memory");
    survives_all_faults(across_processes);
}

}  // namespace
}  // namespace threadwise
