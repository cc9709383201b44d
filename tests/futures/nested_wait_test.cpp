// Tasks that wait for tasks of their own pool, at any depth and with any number of workers.

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "threadwise/as_completed.hpp"
#include "threadwise/event.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/semaphore.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "threadwise/wait.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

class NestedWait : public testing::TestWithParam<int> {
protected:
    static constexpr int depth = 1000;
    ThreadPoolExecutor pool{GetParam()};
};

TEST_P(NestedWait, ForResults) {
    std::function<int(int)> down = [&](int n) { return n == 0 ? 0 : 1 + pool.submit(down, n - 1).result(); };
    EXPECT_EQ(pool.submit(down, depth).result(), depth);
}

TEST_P(NestedWait, ForAllOfSeveral) {
    std::function<int(int)> down = [&](int n) {
        if (n == 0) return 1;
        const auto done = wait(std::vector{pool.submit(down, n - 1), pool.submit([] { return 0; })}).done;
        return done[0].result() + done[1].result() + 1;
    };
    EXPECT_EQ(pool.submit(down, depth).result(), depth + 1);
}

// Each level sleeps at the door, so each costs a thread.
constexpr int sleeping_depth = 100;

TEST_P(NestedWait, ForResultsInTime) {
    std::function<int(int)> down = [&](int n) { return n == 0 ? 0 : 1 + pool.submit(down, n - 1).result(1h); };
    EXPECT_EQ(pool.submit(down, sleeping_depth).result(), sleeping_depth);
}

TEST_P(NestedWait, ForTheFirstOfSeveral) {
    std::function<int(int)> down = [&](int n) {
        if (n == 0) return 0;
        std::vector<Future<int>> one{pool.submit(down, n - 1)};
        return 1 + wait(one, forever, FIRST_COMPLETED).done.at(0).result();
    };
    EXPECT_EQ(pool.submit(down, sleeping_depth).result(), sleeping_depth);
}

TEST_P(NestedWait, ForThoseThatComplete) {
    std::function<int(int)> down = [&](int n) {
        int sum = 1;
        if (n > 0) {
            for (auto& done : as_completed(std::vector{pool.submit(down, n - 1)})) sum += done.result();
        }
        return sum;
    };
    EXPECT_EQ(pool.submit(down, sleeping_depth).result(), sleeping_depth + 1);
}

TEST_P(NestedWait, ForEvents) {
    std::function<int(int)> down = [&](int n) {
        if (n == 0) return 0;
        Event event;
        int below = 0;
        pool.fire_and_forget([&] {
            below = down(n - 1);
            event.set();
        });
        event.wait();
        return below + 1;
    };
    EXPECT_EQ(pool.submit(down, sleeping_depth).result(), sleeping_depth);
}

TEST_P(NestedWait, ForALockThatAnotherTaskReleases) {
    Lock lock;
    lock.acquire();
    const auto waiter = pool.submit([&] {
        pool.fire_and_forget([&] { lock.release(); });
        lock.acquire();
        return 1;
    });
    EXPECT_EQ(waiter.result(), 1);
    lock.release();
}

TEST_P(NestedWait, ManyWaitForOneThatComesLast) {
    Semaphore semaphore(0);
    std::vector<Future<int>> waiters;
    for (int i = 0; i < sleeping_depth; ++i) {
        waiters.push_back(pool.submit([&] {
            semaphore.acquire();
            return 1;
        }));
    }
    pool.fire_and_forget([&] { semaphore.release(sleeping_depth); });
    int sum = 0;
    for (auto& waiter : waiters) sum += waiter.result();
    EXPECT_EQ(sum, sleeping_depth);
}

TEST_P(NestedWait, NeverRunsAStrangersTaskOnItsOwnStack) {
    // The waiting task holds a lock that a stranger wants: run on top of it, the stranger would wait for ever.
    Lock lock;
    Event release;
    const auto holder = pool.submit([&] {
        const std::lock_guard hold(lock);
        const auto stranger = pool.submit([&] {
            const std::lock_guard mine(lock);
            return 1;
        });
        const auto wanted = pool.submit([] { return 2; });
        EXPECT_EQ(wanted.result(), 2);
        release.wait();
        return stranger;
    });
    pool.submit([&] { release.set(); });
    EXPECT_EQ(holder.result().result(), 1);
}

INSTANTIATE_TEST_SUITE_P(Workers, NestedWait, testing::Values(1, 2, 64));

}  // namespace
}  // namespace threadwise
