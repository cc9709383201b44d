#include "runtime/base/fork.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "support/backend.hpp"
#include "support/forked_child.hpp"
#include "support/sleepers.hpp"
#include "threadwise/detail/queue/queue_lock.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using testing::all_well;
using testing::in_child;

// The thread sanitizer ends a forked process that starts a thread.
#if defined(__SANITIZE_THREAD__)
constexpr bool starts_threads = false;
#else
constexpr bool starts_threads = true;
#endif

/// The address sanitizer of gcc 12 does not hold its allocator's locks over a fork: nobody may be starting then.
bool asleep_outside_malloc(const void* object, std::size_t count) { return testing::wait_for_asleep(object, count); }

bool starts_and_joins() {
    if (!starts_threads) return true;
    std::atomic<bool> ran{false};
    Thread thread([&] { ran = true; });
    thread.start();
    return thread.join() && ran;
}

/// Handlers of the program's own, registered by a static object of it.
struct ProgramsForkHandlers {
    static inline bool armed = false;
    static inline int called = 0;
    static void use_everything() {
        if (!armed) return;
        ++called;
        static Lock lock;
        const std::scoped_lock hold(lock);
        if (active_count() == 0 || current_thread().name().empty()) std::abort();
        Local<int> local;
        ++*local;
        sleep_for(std::chrono::microseconds(1));
    }
    ProgramsForkHandlers() { pthread_atfork(use_everything, use_everything, use_everything); }
};
const ProgramsForkHandlers programs_fork_handlers;

TEST(Fork, LetsTheProgramsHandlersUseTheLibrary) {
    THREADWISE_NEEDS("hooks on fork");
    ProgramsForkHandlers::armed = true;
    EXPECT_EQ(in_child({[] { return ProgramsForkHandlers::called == 2; }}), all_well);
    EXPECT_EQ(ProgramsForkHandlers::called, 2);
    ProgramsForkHandlers::armed = false;
}

TEST(Fork, LeavesTheForkingThreadAlone) {
    THREADWISE_NEEDS("hooks on fork");
    Event end;
    Thread other([&] { end.wait(); });
    other.start();
    ASSERT_TRUE(asleep_outside_malloc(&end, 1));
    EXPECT_EQ(in_child({
                  [] { return active_count() == 1; },
                  [] { return enumerate().at(0) == current_thread(); },
                  [] { return main_thread() == current_thread(); },
                  [] { return get_native_id() == static_cast<std::uint64_t>(getpid()); },
                  [&] { return !other.is_alive() && other.join(); },
                  starts_and_joins,
              }),
              all_well);
    end.set();
}

TEST(Fork, MakesAThreadThatForksTheMainOne) {
    THREADWISE_NEEDS("hooks on fork");
    int status = 0;
    Thread thread({.name = "forker"}, [&] {
        status = in_child({
            [] { return main_thread() == current_thread(); },
            [] { return main_thread().name() == "forker"; },
            [] { return active_count() == 1; },
            starts_and_joins,
        });
    });
    thread.start();
    thread.join();
    EXPECT_EQ(status, all_well);
}

TEST(Fork, LeavesLocksThatWork) {
    // A condition variable of the standard library waits in the child for the sleepers that stayed in the parent.
    THREADWISE_NEEDS("hooks on fork");
    // Others sleep on the lock and the event in the parent, but not in the child.
    Lock lock;
    lock.acquire();
    Event event;
    std::vector<Thread> sleepers;
    for (int i = 0; i < 4; ++i) {
        sleepers.emplace_back([&] {
            event.wait();
            const std::lock_guard hold(lock);
        });
        sleepers.back().start();
    }
    ASSERT_TRUE(asleep_outside_malloc(&event, 4));
    EXPECT_EQ(in_child({
                  [&] { return (lock.release(), lock.acquire(false)); },
                  [&] { return (lock.release(), true); },
                  [&] { return (event.set(), event.wait()); },
                  [&] {
                      if (!starts_threads) return true;
                      Thread holder([&] { lock.acquire(); });
                      holder.start();
                      return holder.join() && lock.locked();
                  },
              }),
              all_well);
    event.set();
    lock.release();
}

TEST(Fork, LeavesConditionsWhoseWaitersStayed) {
    THREADWISE_NEEDS("hooks on fork");
    Condition condition;
    bool waits = false;
    bool done = false;
    Thread waiter([&] {
        const std::scoped_lock hold(condition);
        waits = true;
        condition.wait_for([&] { return done; });
    });
    waiter.start();
    // The waiter may spin or sleep by then.
    for (bool seen = false; !seen;) {
        const std::scoped_lock hold(condition);
        seen = waits;
    }
    EXPECT_EQ(in_child({[&] {
                  if (!starts_threads) return true;
                  bool notified = false;
                  bool child_waits = false;
                  Thread other([&] {
                      const std::scoped_lock hold(condition);
                      child_waits = true;
                      notified = condition.wait();
                  });
                  other.start();
                  for (bool seen = false; !seen;) {
                      const std::scoped_lock hold(condition);
                      seen = child_waits;
                      if (seen) condition.notify();
                  }
                  return other.join() && notified;
              }}),
              all_well);
    {
        const std::scoped_lock hold(condition);
        done = true;
        condition.notify();
    }
}

/// Calls `hold` while another thread holds that lock, having used it so often before.
template <class Hold>
void while_another_holds(detail::QueueLock& lock, std::uint32_t uses, Hold hold) {
    std::atomic<bool> held{false};
    std::atomic<bool> end{false};
    Thread holder([&] {
        for (std::uint32_t i = 0; i < uses; ++i) const std::lock_guard use(lock);
        const std::lock_guard keep(lock);
        held = true;
        testing::wait_until([&] { return end.load(); });  // not at the door
    });
    holder.start();
    EXPECT_TRUE(testing::wait_until([&] { return held.load(); }));
    hold();
    end = true;
}

TEST(Fork, FreesQueueLocksWhoseHolderIsNotThere) {
    THREADWISE_NEEDS("hooks on fork");
    for (const std::uint32_t uses : {0U, detail::QueueLock::least_worth}) {
        detail::QueueLock lock;
        const auto use = [&] {
            const std::lock_guard hold(lock);
            return true;
        };
        while_another_holds(lock, uses, [&] {
            EXPECT_EQ(in_child({use, use, starts_and_joins,
                                [&] {
                                    if (!starts_threads) return true;
                                    Thread other([&] { use(); });
                                    other.start();
                                    return other.join();
                                },
                                use}),
                      all_well);
        });
    }
}

TEST(Fork, LeavesAnInterpreterLockThatWorks) {
    THREADWISE_NEEDS("hooks on fork");
    // Others wait for it in the parent, but not in the child.
    InterpreterLock lock;
    lock.acquire();
    std::vector<Thread> waiters;
    for (int i = 0; i < 4; ++i) {
        waiters.emplace_back([&] { const ScopedInterpreter hold(lock); });
        waiters.back().start();
    }
    ASSERT_TRUE(testing::wait_for_waiters(&lock, 4));
    EXPECT_EQ(in_child({
                  [&] { return lock.is_held(); },
                  [&] { return (lock.checkpoint(), lock.is_held()); },
                  [&] { return (sleep_for(std::chrono::microseconds(1)), lock.is_held()); },
                  [&] { return (lock.release(), lock.acquire(false)); },
                  [&] {
                      if (!starts_threads) return true;
                      Thread other([&] { const ScopedInterpreter hold(lock); });
                      other.start();
                      return other.join() && lock.is_held();
                  },
              }),
              all_well);
    lock.release();
}

TEST(Fork, LeavesAnInterpreterLockToAHolderThatIsNotThere) {
    THREADWISE_NEEDS("hooks on fork");
    InterpreterLock lock;
    Event held;
    Event end;
    Thread holder([&] {
        const ScopedInterpreter hold(lock);
        held.set();
        testing::wait_until([&] { return end.is_set(); });  // not at the door
    });
    holder.start();
    held.wait();
    EXPECT_EQ(in_child({
                  [&] { return lock.locked() && !lock.is_held(); },
                  [&] { return !lock.acquire(false); },
                  [&] { return !lock.acquire(true, std::chrono::milliseconds(1)); },
              }),
              all_well);
    end.set();
}

TEST(Fork, KeepsTheForkersLocals) {
    Local<int> local;
    *local = 5;
    EXPECT_EQ(in_child({[&] { return *local == 5; }}), all_well);
}

TEST(ForkStress, WhileOthersStartAndEnd) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "gcc 12's address sanitizer leaves its allocator locked in a child forked while others allocate";
#endif
    THREADWISE_NEEDS("hooks on fork");
    std::atomic<bool> done{false};
    std::vector<Thread> busy;
    for (int i = 0; i < 4; ++i) {
        busy.emplace_back([&] {
            while (!done) {
                Thread child([] {});
                child.start();
                Local<int> local;
                *local = 1;
                child.join();
            }
        });
        busy.back().start();
    }
    for (int i = 0; i < 30; ++i) EXPECT_EQ(in_child({[] { return active_count() == 1; }, starts_and_joins}), all_well);
    done = true;
}

}  // namespace
}  // namespace threadwise
