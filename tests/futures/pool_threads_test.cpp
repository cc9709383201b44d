// A pool's threads, as the rest of the library sees them, and what becomes of pools in a forked child.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "pool/idle_state.hpp"
#include "support/backend.hpp"
#include "support/forked_child.hpp"
#include "support/threads.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using testing::all_well;
using testing::in_child;

TEST(PoolThreads, AreListedUnderTheirNames) {
    ThreadPoolExecutor pool({.max_workers = 1, .thread_name_prefix = "fetch"});
    const ThreadHandle worker = pool.submit([] { return current_thread(); }).result();
    EXPECT_EQ(worker.name(), "fetch_0");
    EXPECT_FALSE(worker.daemon());
    EXPECT_TRUE(worker.is_alive());
    const auto all = enumerate();
    EXPECT_NE(std::ranges::find(all, worker), all.end());
    pool.shutdown();
    EXPECT_FALSE(worker.is_alive()) << "shutdown() has joined it";
}

TEST(PoolThreads, AreNoDaemonsWhoeverStartsThem) {
    bool daemon = true;
    Thread starter({.daemon = true}, [&] {
        ThreadPoolExecutor pool(1);
        daemon = pool.submit([] { return current_thread().daemon(); }).result();
    });
    starter.start();
    starter.join();
    EXPECT_FALSE(daemon);
}

TEST(PoolThreads, ComeAndGoWithWork) {
    ThreadPoolExecutor pool({.max_workers = 2, .idle_timeout = std::chrono::nanoseconds(1)});
    std::atomic<int> run{0};
    for (int i = 0; i < 200; ++i) {
        pool.submit([&] { ++run; }).result();
        if (i % 10 == 0) testing::wait_until([&] { return pool.threads() == 0; });
    }
    EXPECT_EQ(run, 200);
}

template <class Call>
bool says_that_it_was_forked(Call call) {
    try {
        call();
    } catch (const RuntimeError& caught) {
        return std::string(caught.what()).find("fork") != std::string::npos;
    }
    return false;
}

// The thread sanitizer ends a forked process that starts a thread.
bool default_executor_works() {
#if !defined(__SANITIZE_THREAD__)
    return default_executor().submit([] { return 5; }).result() == 5;
#else
    return true;
#endif
}

TEST(PoolInAForkedChild, RefusesCallsAndIsDestroyedWithoutAWait) {
    THREADWISE_NEEDS("hooks on fork");
    auto pool = std::make_unique<ThreadPoolExecutor>(2);
    pool->submit([] {}).result();
    default_executor().submit([] {}).result();
    EXPECT_EQ(in_child({
                  [&] { return says_that_it_was_forked([&] { pool->submit([] {}); }); },
                  [&] { return says_that_it_was_forked([&] { pool->submit({.priority = 1}, [] {}); }); },
                  [&] { return says_that_it_was_forked([&] { pool->fire_and_forget([] {}); }); },
                  [&] { return says_that_it_was_forked([&] { pool->submit_all([](int) {}, std::vector{1}); }); },
                  [&] { return says_that_it_was_forked([&] { TaskGroup(*pool).run([] {}); }); },
                  [&] { return pool->threads() == 0; },
                  [&] { return (pool->shutdown(), pool.reset(), true); },
                  default_executor_works,
              }),
              all_well);
    EXPECT_EQ(pool->submit([] { return 1; }).result(), 1) << "the parent's goes on";
}

TEST(PoolInAForkedChild, OfAWorkerRefusesToo) {
    THREADWISE_NEEDS("hooks on fork");
    ThreadPoolExecutor pool(2);
    const auto status = pool.submit([&] {
        return in_child({
            [&] { return says_that_it_was_forked([&] { pool.submit([] {}); }); },
            [&] {
                return says_that_it_was_forked([&] {
                    pool.shutdown();
                    pool.fire_and_forget([] {});
                });
            },
            [] {
                int sum = 0;
                TaskGroup group;  // of the pool: this thread alone runs it
                for (int i = 0; i < 10; ++i) group.run([&] { ++sum; });
                group.wait();
                return sum == 10;
            },
        });
    });
    EXPECT_EQ(status.result(), all_well);
}

TEST(PoolInAForkedChild, StressForkedWhileAtWork) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "gcc 12's address sanitizer leaves its allocator locked in a child forked while others allocate";
#endif
    THREADWISE_NEEDS("hooks on fork");
    auto pool = std::make_unique<ThreadPoolExecutor>(2);
    std::atomic<bool> done{false};
    std::jthread submitter([&] {
        while (!done) {
            std::vector<Future<void>> futures;
            for (int i = 0; i < 50; ++i) futures.push_back(pool->submit({.priority = i % 3 - 1}, [] {}));
            wait(futures);
        }
    });
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(in_child({
                      [&] { return says_that_it_was_forked([&] { pool->submit([] {}); }); },
                      [&] { return (pool.reset(), true); },
                      default_executor_works,
                  }),
                  all_well);
    }
    done = true;
}

TEST(IdleState, LetsOneMoreSearchWhereTheFirstMayBeLate) {
    detail::IdleState idle(2);
    for (int worker = 0; worker < 2; ++worker) {
        ASSERT_EQ(idle.claim(), detail::IdleState::Claimed::slot);
        static_cast<void>(idle.end_search());
    }
    for (int worker = 0; worker < 2; ++worker) {
        static_cast<void>(idle.begin_search());
        idle.fall_asleep();
    }
    EXPECT_FALSE(idle.claim_another()) << "none searches: that is claim_sleeper()'s case";
    ASSERT_TRUE(idle.claim_sleeper());
    EXPECT_FALSE(idle.needs_waking());
    EXPECT_TRUE(idle.may_be_late());
    EXPECT_TRUE(idle.claim_another());
    EXPECT_FALSE(idle.may_be_late()) << "nobody sleeps any more";
    EXPECT_FALSE(idle.claim_another());
}

}  // namespace
}  // namespace threadwise
