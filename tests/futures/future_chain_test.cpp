// Callbacks, continuations and coroutines in any number: long chains need no stack, many callbacks no more than one
// each.

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int many = 100'000;
#else
constexpr int many = 1'000'000;
#endif

int plus_one(const Future<int>& done) { return done.result() + 1; }

Future<int> chain_on(Future<int> future, int links) {
    for (int i = 0; i < links; ++i) future = future.then(plus_one);
    return future;
}

TEST(FutureChain, OfThenMayBeOfAnyLength) {
    const auto root = Future<int>::create();
    const auto last = chain_on(root, many);
    root.set_result(0);
    EXPECT_EQ(last.result(), many);
}

TEST(FutureChain, OfThenMayBeCancelledAtAnyLength) {
    const auto root = Future<int>::create();
    const auto last = chain_on(root, many / 10);  // each link throws
    root.cancel();
    EXPECT_THROW(last.result(), CancelledError);
}

TEST(FutureChain, OfThenMayBeDroppedAtAnyLength) {
    const auto held = std::make_shared<int>(0);
    {
        const auto root = Future<int>::create();
        auto last = root;
        for (int i = 0; i < many; ++i) last = last.then([held](const Future<int>& done) { return done.result(); });
        EXPECT_EQ(held.use_count(), many + 1);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(FutureChain, OfThenNeedsLittleStack) {
    const auto root = Future<int>::create();
    const auto last = chain_on(root, many);
    auto dropped = Future<int>::create();
    const auto dropped_last = chain_on(dropped, many);
    Thread thread({.stack_size = std::size_t{256} << 10}, [&] {
        root.set_result(1);
        dropped = {};
    });
    thread.start();
    thread.join();
    EXPECT_EQ(last.result(), many + 1);
}

TEST(FutureChain, OfCallbacksThatEndFuturesMayBeOfAnyLength) {
    std::vector<Future<int>> futures;
    for (int i = 0; i <= many; ++i) futures.push_back(Future<int>::create());
    for (int i = 0; i < many; ++i) {
        futures[static_cast<std::size_t>(i)].add_done_callback(
            [next = futures[static_cast<std::size_t>(i) + 1]](const Future<int>& done) {
                next.set_result(done.result() + 1);
            });
    }
    futures.front().set_result(0);
    EXPECT_EQ(futures.back().result(), many);
}

TEST(FutureChain, OfCallsThatAreNeverMadeMayBeDroppedAtAnyLength) {
    ThreadPoolExecutor pool(1);
    std::atomic<bool> go_on{false};
    // Not at the door: no other worker is to take this one's slot.
    pool.fire_and_forget([&] { go_on.wait(false); });
    auto future = Future<int>::create();
    for (int i = 0; i < many; ++i) future = pool.submit([future] { return future.result(); });
    pool.shutdown(false, true);
    EXPECT_TRUE(future.cancelled());
    future = {};
    go_on = true;
    go_on.notify_all();
}

/// A coroutine that begins at once and goes when it ends, and whose end a future shows.
class Eager {
public:
    struct promise_type {
        promise_type() = default;  // no aggregate, which would take the coroutine's parameter for its future
        Future<int> future = Future<int>::create();
        Eager get_return_object() { return Eager(future); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_value(int value) { future.set_result(value); }
        void unhandled_exception() { future.set_exception(std::current_exception()); }
    };

    Future<int> future() const { return future_; }

private:
    explicit Eager(Future<int> future) : future_(std::move(future)) {}
    Future<int> future_;
};

Eager add_one(Future<int> to) {
    const int value = co_await to;
    co_return value + 1;
}

TEST(FutureChain, OfCoroutinesMayBeOfAnyLength) {
    const auto root = Future<int>::create();
    auto last = root;
    for (int i = 0; i < many; ++i) last = add_one(last).future();
    root.set_result(0);
    EXPECT_EQ(last.result(), many);
}

TEST(FutureChain, CallsBackDepthFirstAsPythonDoes) {
    std::string order;
    const auto outer = Future<int>::create();
    const auto inner = Future<int>::create();
    inner.add_done_callback([&](const Future<int>&) { order += "i"; });
    inner.add_done_callback([&](const Future<int>&) { order += "j"; });
    outer.add_done_callback([&](const Future<int>&) {
        order += "(";
        inner.set_result(1);
        order += ")";
    });
    outer.add_done_callback([&](const Future<int>&) { order += "o"; });
    outer.set_result(1);
    EXPECT_EQ(order, "(ij)o");
}

TEST(FutureChain, KeepsTheOrderOfThenAtAnyDepth) {
    // Each future of a long chain has the next link, then a callback of its own.
    constexpr int links = 200;
    std::vector<int> order;
    const auto root = Future<int>::create();
    auto future = root;
    for (int i = 0; i < links; ++i) {
        auto next = future.then(plus_one);
        future.add_done_callback([&order, i](const Future<int>&) { order.push_back(i); });
        future = next;
    }
    root.set_result(0);
    std::vector<int> expected;
    for (int i = links - 1; i >= 0; --i) expected.push_back(i);
    EXPECT_EQ(order, expected) << "what a link leads to comes before the next callback";
}

TEST(FutureChain, CallsBackBeforeADeepCallbackWaits) {
    constexpr int levels = 100;
    std::vector<Future<int>> futures;
    for (int i = 0; i <= levels; ++i) futures.push_back(Future<int>::create());
    for (int i = 0; i < levels; ++i) {
        futures[static_cast<std::size_t>(i)].add_done_callback(
            [next = futures[static_cast<std::size_t>(i) + 1]](const Future<int>&) {
                const auto after = next.then(plus_one);
                next.set_result(1);
                EXPECT_EQ(after.result(), 2);  // whose callback is deeper than callbacks are called at once
                for (const auto& done : as_completed(std::vector{after})) EXPECT_TRUE(done.done());
            });
    }
    futures.front().set_result(1);
    EXPECT_TRUE(futures.back().done());
}

TEST(FutureChain, LetsGoOfWhatThenCapturedBeforeItIsDone) {
    const auto root = Future<int>::create();
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = held;
    const auto next = root.then([held](const Future<int>& done) { return done.result() + *held; });
    held.reset();
    bool gone = false;
    next.add_done_callback([&](const Future<int>&) { gone = watched.expired(); });
    EXPECT_FALSE(watched.expired());
    root.set_result(1);
    EXPECT_TRUE(gone);
    EXPECT_TRUE(watched.expired());
}

TEST(FutureChain, LetsGoOfWhatThenCapturedIfThatIsCancelled) {
    const auto root = Future<int>::create();
    const auto held = std::make_shared<int>(0);
    const auto next = root.then([held](const Future<int>&) { return *held; });
    EXPECT_TRUE(next.cancel());
    root.set_result(1);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_THROW(next.result(), CancelledError);
}

TEST(FutureChain, HandsOnMoveOnlyFunctionsReferencesAndNothing) {
    const auto root = Future<void>::create();
    int value = 1;
    const auto reference = root.then([&value](const Future<void>&) -> int& { return value; });
    const auto nothing =
        reference.then([number = std::make_unique<int>(5)](const Future<int&>& done) { done.result() = *number; });
    root.set_result();
    nothing.result();
    EXPECT_EQ(value, 5);
}

TEST(FutureChain, AddsCallbacksInConstantTime) {
    // That many would take minutes if each walked past the others.
    const auto future = Future<int>::create();
    int calls = 0;
    for (int i = 0; i < many; ++i) {
        future.add_done_callback([&calls, i](const Future<int>&) { EXPECT_EQ(calls++, i); });
    }
    future.set_result(1);
    EXPECT_EQ(calls, many);
}

TEST(FutureChain, StressIsCompletedAndExtendedAtOnce) {
    for (int round = 0; round < 100; ++round) {
        const auto root = Future<int>::create();
        const std::jthread setter([root] { root.set_result(0); });
        EXPECT_EQ(chain_on(root, 100).result(), 100);
    }
}

}  // namespace
}  // namespace threadwise
