// Everything at once, from many threads: no task is lost and none runs twice.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "threadwise/as_completed.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "threadwise/wait.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

/// What became of one task.
struct Fate {
    std::atomic<int> runs{0};
    Future<int> future;
    bool accepted = false;
    bool cancelled = false;
};

constexpr std::size_t tasks_each = 300;

class User {
public:
    User(ThreadPoolExecutor& pool, unsigned seed) : pool_(pool), random_(seed) {}

    void run() {
        for (std::size_t i = 0; i < tasks_each; ++i) {
            submit(fates_[i]);
            if (fates_[i].accepted) meddle(fates_[random_() % (i + 1)]);
        }
    }

    /// After the pool has ended.
    void check() {
        for (Fate& fate : fates_) {
            if (!fate.accepted) {
                EXPECT_EQ(fate.runs, 0);
                continue;
            }
            ASSERT_TRUE(fate.future.done());
            EXPECT_EQ(fate.runs, fate.future.cancelled() ? 0 : 1);
            if (fate.cancelled) {
                EXPECT_TRUE(fate.future.cancelled());
            }
        }
    }

private:
    void submit(Fate& fate) {
        const unsigned kind = random_() % 4;
        try {
            fate.future = pool_.submit([this, &fate, kind] { return work(fate, kind); });
            fate.accepted = true;
        } catch (const RuntimeError&) {
            // shut down meanwhile
        }
    }

    int work(Fate& fate, unsigned kind) {
        ++fate.runs;
        if (kind == 0) throw std::out_of_range("as it wants");
        if (kind == 1) {
            TaskGroup group;
            std::atomic<int> sum{0};
            for (int i = 0; i < 5; ++i) group.run([&sum] { ++sum; });
            group.wait();
            EXPECT_EQ(sum, 5);
        }
        if (kind == 2) {
            try {
                return pool_.submit([] { return 1; }).result();
            } catch (const std::runtime_error&) {
                // shut down, or cancelled by it
            }
        }
        return 0;
    }

    void meddle(Fate& fate) {
        if (!fate.accepted) return;
        switch (random_() % 4) {
            case 0: fate.cancelled = fate.future.cancel() || fate.cancelled; break;
            case 1: wait(std::vector{fate.future}, 1ms, FIRST_COMPLETED); break;
            case 2: wait(std::vector{fate.future}); break;
            default: break;
        }
    }

    ThreadPoolExecutor& pool_;
    std::mt19937 random_;
    std::vector<Fate> fates_{tasks_each};
};

TEST(Storm, StressLosesNothingAndRunsNothingTwice) {
    for (unsigned round = 0; round < 6; ++round) {
        ThreadPoolExecutor pool(1 + static_cast<int>(round) % 3);
        std::vector<std::unique_ptr<User>> users;
        for (unsigned i = 0; i < 4; ++i) users.push_back(std::make_unique<User>(pool, 100 * round + i));
        {
            std::vector<std::jthread> threads;
            for (auto& user : users) threads.emplace_back([&user] { user->run(); });
            if (round % 2 == 1) pool.shutdown(false, round % 4 == 3);
        }
        pool.shutdown();
        for (auto& user : users) user->check();
    }
}

TEST(Storm, StressPoolsAreDestroyedWhileFull) {
    for (int round = 0; round < 50; ++round) {
        std::atomic<int> run{0};
        std::vector<Future<void>> futures;
        {
            ThreadPoolExecutor pool(2);
            for (int i = 0; i < 200; ++i) futures.push_back(pool.submit([&] { ++run; }));
            if (round % 2 == 1) pool.shutdown(false, true);
        }
        int cancelled = 0;
        for (const auto& future : futures) cancelled += future.cancelled() ? 1 : 0;
        EXPECT_EQ(run + cancelled, 200);
    }
}

TEST(Storm, FuturesLeaveNothingBehind) {
    static std::atomic<int> alive{0};
    struct Counted {
        Counted() { ++alive; }
        Counted(const Counted&) { ++alive; }
        ~Counted() { --alive; }
    };
    ThreadPoolExecutor pool(2);
    for (int round = 0; round < 100; ++round) {
        std::vector<Future<Counted>> futures;
        for (int i = 0; i < 1000; ++i) futures.push_back(pool.submit([held = Counted()] { return held; }));
        wait(futures);
        EXPECT_GE(alive, 1000);
    }
    pool.shutdown();  // a worker may have been the last to hold a future
    EXPECT_EQ(alive, 0);
}

// Ends the process in a child of its own, as gtest's death tests do.
TEST(StormDeathTest, PoolsEndWithTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            static std::atomic<int> run{0};
            static auto& pool = *new ThreadPoolExecutor(2);  // nobody destroys it
            for (int i = 0; i < 1000; ++i) pool.fire_and_forget([] { ++run; });
            pool.shutdown(false);
            std::exit(7);
        },
        testing::ExitedWithCode(7), "");
    EXPECT_EXIT(
        {
            static auto& pool = *new ThreadPoolExecutor(2);
            pool.submit([] { std::exit(8); }).result();
        },
        testing::ExitedWithCode(8), "");
}

}  // namespace
}  // namespace threadwise
