// Threads that wait for each other in all ways, and never for good: nothing may be reported. They look for deadlocks
// after a millisecond, instead of half a second: far more often, and in the middle of everything.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "runtime/deadlock/detector.hpp"
#include "runtime/deadlock/watch.hpp"
#include "storm/seed.hpp"
#include "threadwise/deadlock_hook.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

class DeadlockStorm {
public:
    explicit DeadlockStorm(std::uint64_t seed) : seed_(seed) {}

    /// Each step takes what it takes in the order of the addresses, or for a time only.
    void run(std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        constexpr int threads = 6;
        std::vector<Thread> crew;
        for (std::uint64_t i = 0; i < threads; ++i) {
            crew.emplace_back([this, i, end] {
                std::mt19937_64 random(seed_ * threads + i);
                while (std::chrono::steady_clock::now() < end) step(random);
            });
            crew.back().start();
        }
        for (Thread& thread : crew) thread.join();
    }

private:
    static constexpr std::size_t count = 4;

    void step(std::mt19937_64& random) {
        const std::size_t one = random() % count;
        const std::size_t other = random() % count;
        const std::size_t low = std::min(one, other);
        const std::size_t high = std::max(one, other);
        switch (random() % 10) {
            case 0: return in_order(rlocks_, low, high, random);
            case 1: return for_a_time(rlocks_, one, other, random);
            case 2: return for_a_time(locks_, one, other, random);
            case 3: return if_free(one, other, random);
            case 4: return read_and_write(low, high, random);
            case 5: return wait_for_future(one, random);
            case 6: return join_holding(one, random);
            case 7: return meet(random);
            case 8: return hand_over(random);
            default: return wait_for_group(one, random);
        }
    }

    /// So long that others look, and find it asleep with what it has.
    static void hold_on(std::mt19937_64& random) { sleep_for(std::chrono::microseconds(random() % 3000)); }

    template <class Locks>
    void in_order(Locks& locks, std::size_t low, std::size_t high, std::mt19937_64& random) {
        const std::scoped_lock first(locks[low]);
        hold_on(random);
        const std::scoped_lock second(rlocks_[high]);
        hold_on(random);
    }

    template <class Locks>
    void for_a_time(Locks& locks, std::size_t one, std::size_t other, std::mt19937_64& random) {
        const std::scoped_lock first(locks[one]);
        hold_on(random);
        if (locks[other].acquire(true, std::chrono::microseconds(1 + random() % 5000))) locks[other].release();
    }

    void if_free(std::size_t one, std::size_t other, std::mt19937_64& random) {
        const std::scoped_lock first(locks_[one]);
        hold_on(random);
        if (locks_[other].try_lock()) locks_[other].unlock();
    }

    void read_and_write(std::size_t low, std::size_t high, std::mt19937_64& random) {
        if (low == high) return;
        const std::shared_lock reads(shared_[low]);
        hold_on(random);
        const std::scoped_lock writes(shared_[high]);
        hold_on(random);
    }

    void wait_for_future(std::size_t one, std::mt19937_64& random) {
        auto future = pool_.submit([this, one, pause = random() % 2000] {
            const std::scoped_lock hold(rlocks_[one]);
            sleep_for(std::chrono::microseconds(pause));
        });
        future.result();
    }

    void join_holding(std::size_t one, std::mt19937_64& random) {
        const std::scoped_lock hold(locks_[one]);
        Thread thread([pause = random() % 2000] { sleep_for(std::chrono::microseconds(pause)); });
        thread.start();
        thread.join();
    }

    void meet(std::mt19937_64& random) {
        if (random() % 2 == 0) {
            const std::scoped_lock hold(condition_);
            condition_.notify();
            hold_on(random);
        } else {
            const std::scoped_lock hold(condition_);
            condition_.wait(std::chrono::microseconds(random() % 5000));
        }
    }

    /// A Lock that another thread releases than took it; nobody waits for it without a timeout.
    void hand_over(std::mt19937_64& random) {
        if (random() % 2 == 0) {
            signal_.acquire(true, std::chrono::microseconds(1 + random() % 5000));
            return;
        }
        try {
            signal_.release();
        } catch (const RuntimeError&) {  // it was free
        }
    }

    void wait_for_group(std::size_t one, std::mt19937_64& random) {
        TaskGroup group(pool_);
        for (int i = 0; i < 3; ++i) {
            group.run([this, one, pause = random() % 1000] {
                const std::scoped_lock hold(rlocks_[one]);
                sleep_for(std::chrono::microseconds(pause));
            });
        }
        group.wait();
    }

    const std::uint64_t seed_;
    std::array<Lock, count> locks_;
    std::array<RLock, count> rlocks_;
    std::array<SharedLock, count> shared_;
    Condition condition_;
    Lock signal_;
    ThreadPoolExecutor pool_{2};
};

void expect_no_report(std::chrono::milliseconds time) {
    std::atomic<int> reports{0};
    runtime::first_look_after = std::chrono::nanoseconds(1ms).count();
    set_deadlock_hook([&](const Deadlock& deadlock) {
        ++reports;
        default_deadlock_hook(deadlock);
    });
    const std::uint64_t seed = storm::choose_seed();
    DeadlockStorm(seed).run(time);
    set_deadlock_hook(nullptr);
    EXPECT_EQ(reports, 0) << "seed " << seed;
    EXPECT_GT(runtime::look_count(), 0U);
}

TEST(DeadlockStorm, StressReportsNothing) { expect_no_report(1500ms); }

/// Threads that close a circle at the same moment, again and again: each takes one lock, and wants that of the next.
/// One of the waits of each circle has to fail, or the round does not end.
template <class Mutex>
void expect_each_circle_ends(int size, int rounds) {
    std::vector<Mutex> locks(static_cast<std::size_t>(size));
    std::atomic<int> meetings{0};
    const auto meet = [&](int meeting) {
        meetings.fetch_add(1);
        while (meetings.load() < meeting * size) std::this_thread::yield();
    };
    std::atomic<int> failures{0};
    std::vector<Thread> crew;
    for (int me = 0; me < size; ++me) {
        crew.emplace_back([&, me] {
            Mutex& own = locks[static_cast<std::size_t>(me)];
            Mutex& next = locks[static_cast<std::size_t>((me + 1) % size)];
            for (int round = 0; round < rounds; ++round) {
                {
                    const std::scoped_lock hold(own);
                    meet(2 * round + 1);
                    try {
                        const std::scoped_lock hold_next(next);
                    } catch (const DeadlockError&) {
                        failures.fetch_add(1);
                    }
                }
                meet(2 * round + 2);  // nobody takes its lock again before the next has had it
            }
        });
        crew.back().start();
    }
    for (Thread& thread : crew) thread.join();
    EXPECT_EQ(failures, rounds);
}

TEST(DeadlockStorm, StressNoCircleIsMissed) {
    runtime::first_look_after = std::chrono::nanoseconds(1ms).count();
    set_deadlock_hook([](const Deadlock&) {});
    set_on_deadlock(OnDeadlock::fail);
    expect_each_circle_ends<RLock>(2, 40);
    expect_each_circle_ends<Lock>(2, 40);
    expect_each_circle_ends<RLock>(3, 20);
    expect_each_circle_ends<Lock>(5, 10);
    set_on_deadlock(OnDeadlock::report);
    set_deadlock_hook(nullptr);
}

TEST(DeadlockStorm, SoakReportsNothing) { expect_no_report(3min); }

}  // namespace
}  // namespace threadwise
