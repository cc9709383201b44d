// TaskGroup and the parallel algorithms while something fails.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "faults/support/faults.hpp"
#include "threadwise/parallel_for.hpp"
#include "threadwise/parallel_invoke.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/parallel_sort.hpp"

namespace threadwise {
namespace {

using testing::faults::Counted;
using testing::faults::survives_all_faults;
using testing::faults::Trial;

/// Forks until that fails; all that was forked has to run.
void fork_and_join(Trial& trial, TaskGroup& group) {
    std::atomic<int> runs{0};
    int forks = 0;
    trial.attempt([&] {
        for (; forks < 20; ++forks) group.run([&runs, counted = Counted()] { ++runs; });
    });
    trial.attempt([&] { group.wait(); });
    trial.expect(runs == forks, "what was forked has run");
}

void from_outside(Trial& trial) {
    ThreadPoolExecutor pool(2);
    TaskGroup group(pool);
    fork_and_join(trial, group);
    fork_and_join(trial, group);
}
TEST(GroupFaults, FromOutside) { survives_all_faults(from_outside); }

void in_a_task(Trial& trial) {
    ThreadPoolExecutor pool(2);
    trial.attempt([&] {
        pool.submit([&] {
                TaskGroup group;
                fork_and_join(trial, group);
            })
            .result();
    });
}
TEST(GroupFaults, InATask) { survives_all_faults(in_a_task); }

long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    TaskGroup group;
    group.run([&a, n, counted = Counted()] { a = fib(n - 1); });
    const long b = fib(n - 2);
    group.wait();
    return a + b;
}

void deep(Trial& trial) {
    ThreadPoolExecutor pool(3);
    trial.attempt([&] { trial.expect(pool.submit(fib, 12).result() == 144, "fib(12)"); });
}
TEST(GroupFaults, Deep) { survives_all_faults(deep); }

void failing_tasks(Trial& trial) {
    ThreadPoolExecutor pool(2);
    TaskGroup group(pool);
    int forks = 0;
    std::atomic<int> begun{0};
    trial.attempt([&] {
        for (; forks < 3; ++forks) {
            group.run([&begun, counted = Counted()] {
                ++begun;
                throw std::out_of_range("a task");
            });
        }
    });
    bool threw = false;
    trial.attempt([&] {
        try {
            group.wait();
        } catch (const std::out_of_range&) {
            threw = true;
        } catch (const ExceptionGroup& caught) {
            threw = true;
            trial.expect(caught.exceptions().size() > 1, "several exceptions");
        } catch (const std::bad_alloc&) {
            threw = true;  // there was no memory to keep it
            throw;
        }
    });
    trial.expect(threw == (begun > 0), "wait() throws what a task threw");
    trial.expect(begun > 0 || forks == 0, "the first one begins");
}
TEST(GroupFaults, FailingTasks) { survives_all_faults(failing_tasks); }

void dropped_group(Trial& trial) {
    ThreadPoolExecutor pool(1);
    std::atomic<int> runs{0};
    trial.attempt([&] {
        TaskGroup group(pool);
        for (int i = 0; i < 10; ++i) group.run([&runs, counted = Counted()] { ++runs; });
    });
    trial.expect(runs <= 10, "no task runs twice");
}
TEST(GroupFaults, DroppedGroup) { survives_all_faults(dropped_group); }

void loops(Trial& trial) {
    std::vector<std::atomic<int>> visits(3'000);
    auto is_done = [&](int times) {
        return std::all_of(visits.begin(), visits.end(), [=](const auto& visit) { return visit == times; });
    };
    auto is_not_overdone = [&](int times) {
        return std::all_of(visits.begin(), visits.end(), [=](const auto& visit) { return visit <= times; });
    };
    ThreadPoolExecutor pool(2);
    const bool first = trial.attempt([&] { parallel_for(pool, visits, [](auto& visit) { ++visit; }); });
    trial.expect(first ? is_done(1) : is_not_overdone(1), "each element is visited once");
    for (auto& visit : visits) visit = 0;
    const bool second =
        trial.attempt([&] { parallel_for(std::size_t{0}, visits.size(), [&](auto i) { ++visits[i]; }); });
    trial.expect(second ? is_done(1) : is_not_overdone(1), "each index is visited once");
}
TEST(GroupFaults, Loops) { survives_all_faults(loops); }

void others(Trial& trial) {
    std::vector<std::unique_ptr<int>> values;
    constexpr std::size_t count = 20'000;
    trial.in_peace([&] {
        for (std::size_t i = 0; i < count; ++i)
            values.push_back(std::make_unique<int>(static_cast<int>(i * 7919 % count)));
    });
    const bool sorted =
        trial.attempt([&] { parallel_sort(values, [](const auto& a, const auto& b) { return *a < *b; }); });
    long sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        trial.expect(values[i] != nullptr, "no element is lost");
        if (values[i] == nullptr) return;
        sum += *values[i];
        trial.expect(!sorted || i == 0 || *values[i - 1] < *values[i], "sorted");
    }
    trial.expect(sum == 19'999L * 10'000, "each element is there once");
    std::vector<long> numbers(1'000);
    std::iota(numbers.begin(), numbers.end(), 1);
    trial.attempt([&] { trial.expect(parallel_reduce(numbers, 0L) == 500'500, "the sum"); });
    std::atomic<int> calls{0};
    if (trial.attempt([&] { parallel_invoke([&] { ++calls; }, [&] { ++calls; }, [&] { ++calls; }); })) {
        trial.expect(calls == 3, "all functions are called");
    }
}
TEST(GroupFaults, SortReduceAndInvoke) { survives_all_faults(others); }

}  // namespace
}  // namespace threadwise
