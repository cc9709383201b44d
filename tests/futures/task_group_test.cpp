#include "threadwise/task_group.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "threadwise/event.hpp"

namespace threadwise {
namespace {

class TaskGroupTest : public testing::TestWithParam<int> {
protected:
    ThreadPoolExecutor pool{GetParam()};
};

long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    TaskGroup group;
    group.run([&a, n] { a = fib(n - 1); });
    const long b = fib(n - 2);
    group.wait();
    return a + b;
}

TEST_P(TaskGroupTest, ForksAndJoins) { EXPECT_EQ(pool.submit(fib, 22).result(), 17711); }

TEST_P(TaskGroupTest, CancelsAndThrowsWhenStopIsRequested) {
    std::stop_source stop;
    std::atomic<bool> ran_on{false};
    TaskGroup group(pool);
    group.run([&] {
        stop.request_stop();
        while (!group.cancelled()) std::this_thread::yield();
        ran_on = true;
    });
    EXPECT_THROW(
        {
            while (!stop.stop_requested()) std::this_thread::yield();
            group.wait(stop.get_token());
        },
        InterruptedError);
    EXPECT_TRUE(ran_on) << "what runs is waited for";
    EXPECT_FALSE(group.cancelled()) << "and the group can be used again";
    group.run([&] { ran_on = false; });
    group.wait(std::stop_token());
    EXPECT_FALSE(ran_on);
}

TEST_P(TaskGroupTest, JoinsAThousandDeep) {
    std::function<int(int)> down = [&](int n) {
        int below = 0;
        TaskGroup group;
        if (n > 0) group.run([&below, &down, n] { below = down(n - 1); });
        group.wait();
        return below + 1;
    };
    EXPECT_EQ(pool.submit(down, 1000).result(), 1001);
}

TEST_P(TaskGroupTest, RunsMoreTasksThanADequeHolds) {
    const auto run = pool.submit([] {
        std::atomic<int> count{0};
        TaskGroup group;
        for (int i = 0; i < 5000; ++i) group.run([&] { ++count; });
        group.wait();
        return count.load();
    });
    EXPECT_EQ(run.result(), 5000);
}

TEST_P(TaskGroupTest, WorksFromOutside) {
    std::atomic<int> count{0};
    TaskGroup group(pool);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 100; ++i) group.run([&] { ++count; });
        group.wait();
        EXPECT_EQ(count, (round + 1) * 100);
    }
}

TEST_P(TaskGroupTest, TasksMayAddTasks) {
    auto spread = [&] {
        std::atomic<int> count{0};
        TaskGroup group;
        std::function<void(int)> add = [&](int n) {
            ++count;
            for (int i = 0; i < n; ++i) group.run([&add, i] { add(i); });
        };
        group.run([&] { add(10); });
        group.wait();
        return count.load();
    };
    EXPECT_EQ(pool.submit(spread).result(), 1 << 10);
    EXPECT_EQ(spread(), 1 << 10) << "from outside, in the default pool";
}

TEST_P(TaskGroupTest, ThrowsTheOneExceptionAsItself) {
    EXPECT_THROW(pool.submit([] {
                         TaskGroup group;
                         group.run([] { throw std::out_of_range("one"); });
                         group.wait();
                     })
                     .result(),
                 std::out_of_range);
}

TEST_P(TaskGroupTest, GathersExceptions) {
    std::atomic<int> running{0};
    TaskGroup group(pool);
    // All of them run before the first fails, or it would cancel the others.
    const int failing = std::min(GetParam(), 3);
    for (int i = 0; i < failing; ++i) {
        group.run([&running, failing] {
            ++running;
            while (running < failing) std::this_thread::yield();
            throw std::out_of_range("several");
        });
    }
    if (failing == 1) {
        EXPECT_THROW(group.wait(), std::out_of_range);
        return;
    }
    try {
        group.wait();
        FAIL() << "nothing was thrown";
    } catch (const ExceptionGroup& caught) {
        ASSERT_EQ(caught.exceptions().size(), static_cast<std::size_t>(failing));
        EXPECT_THROW(std::rethrow_exception(caught.exceptions().front()), std::out_of_range);
    }
    group.run([] {});
    group.wait();
}

TEST_P(TaskGroupTest, CancelsSiblingsOfWhatFailed) {
    ThreadPoolExecutor single(1);
    const auto run = single.submit([] {
        int count = 0;
        TaskGroup group;
        for (int i = 0; i < 3; ++i) group.run([&] { ++count; });
        group.run([] { throw std::out_of_range("first"); });  // the newest runs first
        EXPECT_THROW(group.wait(), std::out_of_range);
        return count;
    });
    EXPECT_EQ(run.result(), 0);
}

TEST_P(TaskGroupTest, WaitsForItsTasksWhenItGoes) {
    const auto alive = std::make_shared<int>(1);
    const auto outcome = pool.submit([alive] {
        std::atomic<int> ended{0};
        try {
            TaskGroup group;
            for (int i = 0; i < 10; ++i) group.run([&ended, alive] { ++ended; });
            throw std::runtime_error("before wait()");
        } catch (const std::runtime_error&) {
            return alive.use_count();
        }
    });
    EXPECT_LE(outcome.result(), 3) << "no task is left";
}

TEST_P(TaskGroupTest, HoldsLargeAndMoveOnlyCallables) {
    const auto sum = pool.submit([] {
        std::atomic<int> total{0};
        TaskGroup group;
        group.run([&total, large = std::array<int, 100>{7}] { total += large[0]; });
        group.run([&total, owned = std::make_unique<int>(5)] { total += *owned; });
        group.wait();
        return total.load();
    });
    EXPECT_EQ(sum.result(), 12);
}

TEST_P(TaskGroupTest, GroupsNeedNotNest) {
    const auto done = pool.submit([] {
        std::atomic<int> count{0};
        auto first = std::make_unique<TaskGroup>();
        TaskGroup second;
        for (int i = 0; i < 20; ++i) {
            first->run([&] { ++count; });
            second.run([&] { ++count; });
        }
        first->wait();
        first.reset();
        second.wait();
        return count.load();
    });
    EXPECT_EQ(done.result(), 40);
}

TEST_P(TaskGroupTest, MixesWithCallsOfThePool) {
    const auto done = pool.submit([this] {
        int sum = 0;
        TaskGroup group;
        group.run([&] { sum += 1; });
        const auto call = pool.submit([] { return 2; });
        group.wait();
        return sum + call.result();
    });
    EXPECT_EQ(done.result(), 3);
}

TEST_P(TaskGroupTest, TasksMayWaitForEachOther) {
    const auto done = pool.submit([] {
        Event event;
        TaskGroup group;
        group.run([&] { event.set(); });
        group.run([&] { event.wait(); });  // runs first, and sleeps
        group.wait();
        return true;
    });
    EXPECT_TRUE(done.result());
}

TEST_P(TaskGroupTest, ThrowsOneErrorHoweverManyTasksAreDropped) {
    // Busy, not asleep: another thread stands in for a worker that sleeps in a task.
    std::atomic<int> busy{0};
    std::atomic<bool> end{false};
    std::vector<Future<void>> calls;
    for (int i = 0; i < GetParam(); ++i) {
        calls.push_back(pool.submit([&] {
            ++busy;
            while (!end) std::this_thread::yield();
        }));
    }
    while (busy < GetParam()) std::this_thread::yield();
    TaskGroup group(pool);
    for (int i = 0; i < 5; ++i) group.run([] {});
    pool.shutdown(false, true);
    EXPECT_THROW(group.wait(), CancelledError);
    end = true;
    for (const auto& call : calls) call.result();
}

TEST_P(TaskGroupTest, StressStealsWithoutLosingAnything) {
    for (int round = 0; round < 20; ++round) {
        std::vector<Future<long>> results;
        for (int i = 0; i < 4; ++i) results.push_back(pool.submit(fib, 15));
        for (auto& result : results) ASSERT_EQ(result.result(), 610);
    }
}

INSTANTIATE_TEST_SUITE_P(Workers, TaskGroupTest, testing::Values(1, 2, 8));

}  // namespace
}  // namespace threadwise
