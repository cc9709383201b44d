// What futures and pools allocate: no more for the millionth than for the first, and after a burst it is given back.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "pool/injection_queue.hpp"
#include "support/counting_allocator.hpp"
#include "support/threads.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

using testing::allocated;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int many = 50'000;
#else
constexpr int many = 1'000'000;
#endif

/// What a pool with two workers may keep for next time.
constexpr std::size_t little = 400'000;

/// Whether no more than that is in use, once the workers have let go of what they ran last.
bool comes_down_to(std::size_t bytes) {
    return testing::wait_until([&] { return allocated <= bytes; });
}

TEST(FutureMemory, DoesNotGrowWithTheNumberOfFutures) {
    const std::size_t before = allocated;
    ThreadPoolExecutor pool(2);
    std::vector<Future<int>> window(100);
    long sum = 0;
    for (int i = 0; i < many; ++i) {
        Future<int>& future = window[static_cast<std::size_t>(i) % window.size()];
        if (future.valid()) sum += future.result();
        future = pool.submit([] { return 1; });
    }
    for (const auto& future : window) sum += future.result();
    EXPECT_EQ(sum, many);
    EXPECT_TRUE(comes_down_to(before + little)) << allocated - before;
}

TEST(FutureMemory, ComesBackAfterABurst) {
    const std::size_t before = allocated;
    ThreadPoolExecutor pool(2);
    {
        std::vector<int> numbers(50'000);
        const auto futures = pool.submit_all([](int n) { return n; }, numbers);
        EXPECT_GE(allocated - before, numbers.size() * 64);
        for (const auto& future : futures) future.result();
    }
    EXPECT_TRUE(comes_down_to(before + little)) << allocated - before;
}

TEST(FutureMemory, ComesBackFromTasksWithoutFutures) {
    const std::size_t before = allocated;
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < 50'000; ++i) pool.fire_and_forget([] {});
    for (int i = 0; i < 5'000; ++i) pool.submit({.priority = i % 3}, [] {});
    EXPECT_TRUE(comes_down_to(before + little)) << allocated - before;
}

TEST(FutureMemory, DoesNotGrowWithForksThatThrow) {
    struct Throwing {
        explicit Throwing(bool is_armed) : armed(is_armed) {}
        Throwing(const Throwing& other) : armed(other.armed) {
            if (armed) throw std::out_of_range("a copy");
        }
        void operator()() const {}
        bool armed;
    };
    const std::size_t before = allocated;
    ThreadPoolExecutor pool(1);
    auto fork = [](const Throwing& call) {
        TaskGroup group;
        EXPECT_THROW(group.run(call), std::out_of_range);
    };
    pool.submit([&] {
            const Throwing call(true);
            for (int i = 0; i < 50'000; ++i) fork(call);
        })
        .result();
    EXPECT_TRUE(comes_down_to(before + little)) << allocated - before;
}

TEST(FutureMemory, OutlivesTheThreadThatMadeItAndNoLonger) {
    const std::size_t before = allocated;
    for (int i = 0; i < 200; ++i) {
        std::vector<Future<int>> futures;
        Thread maker([&] {
            for (int n = 0; n < 10; ++n) {
                futures.push_back(Future<int>::create());
                futures.back().set_result(n);
            }
        });
        maker.start();
        maker.join();
        int sum = 0;
        for (const auto& future : futures) sum += future.result();
        EXPECT_EQ(sum, 45);
        Thread destroyer([past = std::move(futures)] {});
        destroyer.start();
        destroyer.join();
    }
    EXPECT_TRUE(comes_down_to(before + 100'000)) << allocated - before;
}

/// Memory of this process that takes up room, in pages.
std::size_t resident() {
    std::size_t all = 0;
    std::size_t here = 0;
    std::ifstream("/proc/self/statm") >> all >> here;
    return here;
}

TEST(FutureMemory, GoesBackToTheSystemAfterABurst) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "a sanitizer's allocator keeps what it has";
#endif
    ThreadPoolExecutor pool(1);
    std::atomic<bool> goes_on = false;
    const auto first = pool.submit([&] { goes_on.wait(false); });
    const std::size_t before = resident();
    for (int i = 0; i < 500'000; ++i) pool.fire_and_forget([] {});
    const std::size_t peak = resident();
    goes_on = true;
    goes_on.notify_all();
    EXPECT_TRUE(testing::wait_until([&] { return resident() < before + (peak - before) / 4; }))
        << before << " pages before, " << peak << " at most, " << resident() << " now";
}

TEST(FutureMemory, OfAQueueIsGivenBackBetweenTasksAndLosesNone) {
    detail::InjectionQueue queue;
    queue.attend();
    const int bursts = testing::rounds(60);
    constexpr int burst = 3000;  // more than is kept
    std::atomic<int> taken = 0;
    std::atomic<int> out_of_order = 0;
    const auto take = [&] {
        while (taken < bursts * burst) {
            const auto [task, segment] = queue.pop();
            if (task == nullptr) continue;
            if (task->content<int>() != taken) ++out_of_order;
            queue.done(*segment, 1);
            ++taken;
        }
    };
    const auto give_back = [&] {
        while (taken < bursts * burst) queue.give_memory_back();
    };
    Thread taker(take);
    Thread giver(give_back);
    taker.start();
    giver.start();
    for (int i = 0; i < bursts * burst; ++i) {
        detail::Task task{.invoke = nullptr, .owner = detail::TaskOwner::none(), .bytes = {}};
        task.content<int>() = i;
        ASSERT_TRUE(queue.push(task));
        if (i % burst == burst - 1) testing::wait_until([&] { return taken > i; });
    }
    taker.join();
    giver.join();
    EXPECT_EQ(out_of_order, 0);
    queue.give_memory_back();
    EXPECT_FALSE(queue.has_grown());
}

}  // namespace
}  // namespace threadwise
