// Futures, wait() and as_completed() while something fails.

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "faults/support/faults.hpp"
#include "threadwise/futures.hpp"

namespace threadwise {
namespace {

using testing::faults::Counted;
using testing::faults::survives_all_faults;
using testing::faults::Trial;

void set_and_get(Trial& trial) {
    for (int i = 0; i < 3; ++i) {
        trial.attempt([&] {
            const auto future = Future<std::vector<Counted>>::create();
            trial.attempt([&] { future.set_result(std::vector<Counted>(3)); });
            if (future.done()) trial.expect(future.result().size() == 3, "the result");
        });
    }
    trial.attempt([&] {
        const auto future = Future<int>::create();
        future.set_exception(std::make_exception_ptr(std::out_of_range("set")));
        trial.expect(future.exception() != nullptr, "the exception");
    });
    trial.attempt([&] {
        const auto future = Future<Counted>::create();
        trial.expect(future.cancel() && future.cancelled(), "it is cancelled");
    });
}
TEST(FutureFaults, SetAndGet) { survives_all_faults(set_and_get); }

void callbacks(Trial& trial) {
    std::atomic<int> calls{0};
    int added = 0;
    trial.attempt([&] {
        const auto future = Future<int>::create();
        trial.attempt([&] {
            for (; added < 5; ++added) {
                future.add_done_callback([&calls, counted = Counted()](const Future<int>&) { ++calls; });
            }
        });
        trial.attempt(
            [&] { future.add_done_callback([](const Future<int>&) { throw std::out_of_range("callback"); }); });
        future.set_result(1);
        trial.expect(calls == added, "all callbacks that were added are called");
        trial.attempt([&] {
            future.add_done_callback([&calls, counted = Counted()](const Future<int>&) { ++calls; });
            ++added;
        });
        trial.expect(calls == added, "and those that come later");
    });
}
TEST(FutureFaults, Callbacks) { survives_all_faults(callbacks); }

void chains(Trial& trial) {
    trial.attempt([&] {
        const auto first = Future<int>::create();
        Future<int> last = first;
        trial.attempt([&] {
            for (int i = 0; i < 5; ++i) {
                last = last.then([counted = Counted()](const Future<int>& done) { return done.result() + 1; });
            }
        });
        trial.attempt([&] { first.set_result(0); });
        if (first.done()) trial.expect(last.done(), "the end of the chain follows its beginning");
    });
}
TEST(FutureFaults, Chains) { survives_all_faults(chains); }

void waits(Trial& trial) {
    ThreadPoolExecutor pool(2);
    std::vector<Future<int>> futures;
    futures.reserve(6);
    trial.attempt([&] {
        for (int i = 0; i < 6; ++i) futures.push_back(pool.submit([i, counted = Counted()] { return i; }));
    });
    trial.attempt([&] {
        const auto sets = wait(futures, forever, ReturnWhen::first_completed);
        trial.expect(futures.empty() || !sets.done.empty(), "one is done");
    });
    std::size_t seen = 0;
    if (trial.attempt([&] {
            for (const auto& future : as_completed(futures)) {
                trial.expect(future.done(), "as_completed() gives what is done");
                ++seen;
            }
        })) {
        trial.expect(seen == futures.size(), "as_completed() gives all");
    }
    trial.attempt([&] {
        const auto sets = wait(futures);
        trial.expect(sets.not_done.empty(), "all are done");
    });
}
TEST(FutureFaults, Waits) { survives_all_faults(waits); }

void wait_elsewhere(Trial& trial) {
    trial.attempt([&] {
        const auto future = Future<int>::create();
        std::jthread waiter([&] { trial.attempt([&] { trial.expect(future.result() == 5, "the result"); }); });
        future.set_result(5);
    });
}
TEST(FutureFaults, WaitsOfForeignThreads) { survives_all_faults(wait_elsewhere); }

}  // namespace
}  // namespace threadwise
