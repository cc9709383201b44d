// ThreadPoolExecutor while something fails.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "faults/support/faults.hpp"
#include "threadwise/event.hpp"
#include "threadwise/futures.hpp"

namespace threadwise {
namespace {

using testing::faults::Counted;
using testing::faults::survives_all_faults;
using testing::faults::Trial;

/// Of calls that were submitted, all have to end as their submitter was told.
template <class T>
void expect_all_told(Trial& trial, const std::vector<Future<T>>& futures) {
    for (const auto& future : futures) {
        trial.expect(future.done(), "a call that was accepted has no outcome");
        if (future.done() && !future.cancelled()) trial.attempt([&] { future.result(); });
    }
}

void submit(Trial& trial) {
    std::atomic<std::size_t> runs{0};
    std::vector<Future<int>> futures;
    futures.reserve(10);
    {
        ThreadPoolExecutor pool(2);
        for (int i = 0; i < 10; ++i) {
            trial.attempt([&] { futures.push_back(pool.submit([&runs, counted = Counted()] { return ++runs, 1; })); });
        }
    }
    expect_all_told(trial, futures);
    trial.expect(runs == futures.size(), "the calls that were accepted have run");
}
TEST(PoolFaults, Submit) { survives_all_faults(submit); }

void submit_large(Trial& trial) {
    std::atomic<std::size_t> runs{0};
    std::size_t accepted = 0;
    {
        ThreadPoolExecutor pool({.max_workers = 2, .max_queued = 4, .measure_times = true});
        for (int i = 0; i < 10; ++i) {
            std::array<char, 100> large{};
            trial.attempt([&] {
                pool.fire_and_forget(
                    [&runs, large, counted = Counted()] { runs += 1 + static_cast<std::size_t>(large[0]); });
                ++accepted;
            });
        }
    }
    trial.expect(runs == accepted, "the calls that were accepted have run");
}
TEST(PoolFaults, FireAndForgetInABoundedPool) { survives_all_faults(submit_large); }

void submit_with_options(Trial& trial) {
    std::atomic<std::size_t> runs{0};
    std::vector<Future<void>> futures;
    futures.reserve(12);
    {
        ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 100});
        std::stop_source stop;
        for (int i = 0; i < 12; ++i) {
            trial.attempt([&] {
                futures.push_back(pool.submit(
                    {.priority = i % 3 - 1, .start_within = std::chrono::hours(1), .stop = stop.get_token()},
                    [&runs, counted = Counted()] { ++runs; }));
            });
        }
    }
    expect_all_told(trial, futures);
    trial.expect(runs == futures.size(), "the calls that were accepted have run");
}
TEST(PoolFaults, SubmitWithOptions) { survives_all_faults(submit_with_options); }

void submit_all(Trial& trial) {
    std::atomic<std::size_t> runs{0};
    const std::vector<Counted> elements(200);
    {
        ThreadPoolExecutor pool(2);
        trial.attempt([&] {
            const auto futures = pool.submit_all([&runs](const Counted&) { ++runs; }, elements);
            wait(futures);
            trial.expect(runs == elements.size(), "the calls that were accepted have run");
            expect_all_told(trial, futures);
        });
        trial.attempt([&] { pool.fire_and_forget_all([&runs](const Counted&) { ++runs; }, elements); });
    }
}
TEST(PoolFaults, SubmitAll) { survives_all_faults(submit_all); }

void map(Trial& trial) {
    const std::vector<int> elements{1, 2, 3, 4, 5, 6};
    ThreadPoolExecutor pool(2);
    for (const auto buffersize : {std::optional<std::size_t>(), std::optional<std::size_t>(2)}) {
        int sum = 0;
        if (trial.attempt([&] {
                auto results = pool.map(
                    {.buffersize = buffersize}, [counted = Counted()](int element) { return element; }, elements);
                for (const int result : results) sum += result;
            })) {
            trial.expect(sum == 21, "map() gives all results");
        }
    }
}
TEST(PoolFaults, Map) { survives_all_faults(map); }

/// A task waits for another of its pool, which needs a second thread.
void nested_waits(Trial& trial) {
    ThreadPoolExecutor pool(2);
    trial.attempt([&] {
        Event begun;
        Event ended;
        auto outer = pool.submit([&, counted = Counted()] {
            begun.set();
            ended.wait();
        });
        begun.wait();
        // If it cannot be submitted, nobody may be left to wait.
        try {
            pool.submit([&] { ended.set(); }).result();
        } catch (...) {
            ended.set();
            outer.result();
            throw;
        }
        outer.result();
        // And what a task itself submits.
        pool.submit([&] {
                Event set;
                const auto inner = pool.submit([&set] { set.set(); });
                set.wait();
                inner.result();
            })
            .result();
    });
}
TEST(PoolFaults, NestedWaits) { survives_all_faults(nested_waits); }

/// More tasks of one worker than its deque holds.
void overflowing_deque(Trial& trial) {
    std::atomic<std::size_t> runs{0};
    std::size_t accepted = 0;
    {
        ThreadPoolExecutor pool(1);
        trial.attempt([&] {
            pool.submit([&] {
                    for (int i = 0; i < 1'200; ++i) {
                        pool.fire_and_forget([&runs, counted = Counted()] { ++runs; });
                        ++accepted;
                    }
                })
                .result();
        });
    }
    trial.expect(runs == accepted, "the calls that were accepted have run");
}
TEST(PoolFaults, OverflowingDeque) {
    if (testing::faults::all_wanted()) GTEST_SKIP() << "the short run has all that differs";
    survives_all_faults(overflowing_deque);
}

void threads_that_end(Trial& trial) {
    std::atomic<std::size_t> runs{0};
    std::size_t accepted = 0;
    {
        ThreadPoolExecutor pool({.max_workers = 2, .idle_timeout = std::chrono::nanoseconds(1)});
        for (int i = 0; i < 20; ++i) {
            trial.attempt([&] {
                auto future = pool.submit([&runs] { ++runs; });
                ++accepted;
                future.result();
            });
        }
    }
    trial.expect(runs == accepted, "the calls that were accepted have run");
}
TEST(PoolFaults, ThreadsThatEndWhenIdle) { survives_all_faults(threads_that_end); }

void failing_initializer(Trial& trial) {
    ThreadPoolExecutor pool({.max_workers = 2, .initializer = [] { throw std::out_of_range("an initializer"); }});
    std::vector<Future<void>> futures;
    futures.reserve(4);
    for (int i = 0; i < 4; ++i) {
        trial.attempt([&] {
            try {
                futures.push_back(pool.submit([counted = Counted()] {}));
            } catch (const BrokenThreadPool&) {
                // said
            }
        });
    }
    pool.shutdown();
    for (const auto& future : futures) {
        trial.expect(future.done() && future.exception() != nullptr, "a call of a broken pool has no outcome");
    }
}
TEST(PoolFaults, FailingInitializer) { survives_all_faults(failing_initializer); }

void cancelling_shutdown(Trial& trial) {
    Event begun;
    Event go;
    std::vector<Future<void>> futures;
    futures.reserve(6);
    ThreadPoolExecutor pool(1);
    const bool blocked = trial.attempt([&] {
        futures.push_back(pool.submit([&] {
            begun.set();
            go.wait();
        }));
        begun.wait();
    });
    TaskGroup group(pool);
    trial.attempt([&] {
        for (int i = 0; i < 4; ++i) futures.push_back(pool.submit([counted = Counted()] {}));
        group.run([counted = Counted()] {});
    });
    pool.shutdown(false, blocked);
    go.set();
    trial.attempt([&] {
        try {
            group.wait();
        } catch (const CancelledError&) {
            // said
        }
    });
    pool.shutdown();
    for (const auto& future : futures) trial.expect(future.done(), "a call has no outcome");
}
TEST(PoolFaults, CancellingShutdown) { survives_all_faults(cancelling_shutdown); }

/// All is done by threads that the library does not know yet.
void foreign_threads(Trial& trial) {
    std::unique_ptr<ThreadPoolExecutor> pool;
    std::vector<Future<void>> futures;
    futures.reserve(4);
    auto on_a_thread = [&](auto body) {
        std::jthread thread;
        trial.in_peace([&] { thread = std::jthread([&trial, body] { trial.attempt(body); }); });
    };
    on_a_thread([&] { pool = std::make_unique<ThreadPoolExecutor>(2); });
    if (pool == nullptr) return;
    for (int i = 0; i < 4; ++i) {
        on_a_thread([&] { futures.push_back(pool->submit([counted = Counted()] {})); });
    }
    on_a_thread([&] { pool->fire_and_forget([counted = Counted()] {}); });
    on_a_thread([&] { static_cast<void>(pool->stats()); });
    on_a_thread([&] {
        TaskGroup group(*pool);
        group.run([counted = Counted()] {});
    });
    on_a_thread([&] { pool.reset(); });
    pool.reset();
    for (const auto& future : futures) trial.expect(future.done(), "a call has no outcome");
}
TEST(PoolFaults, ForeignThreads) { survives_all_faults(foreign_threads); }

void default_pool(Trial& trial) {
    trial.attempt([&] { default_executor().submit([counted = Counted()] {}).result(); });
    trial.attempt([&] {
        AnyExecutor executor(default_executor());
        trial.expect(executor.submit([counted = Counted()] { return 3; }).result() == 3, "the result");
    });
}
TEST(PoolFaults, DefaultPoolAndAnyExecutor) { survives_all_faults(default_pool); }

}  // namespace
}  // namespace threadwise
