// Futures in coroutines.

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
#include "threadwise/event.hpp"
#include "threadwise/futures.hpp"

namespace threadwise {
namespace {

/// Runs at once; its frame goes when it ends, or when destroy() is called.
struct Detached {
    struct promise_type {
        Detached get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };

    std::coroutine_handle<promise_type> frame;
};

Detached sum_up(ThreadPoolExecutor& pool, int& sum, Event& done) {
    for (const int x : co_await pool.submit([] { return std::vector<int>{1, 2, 3}; })) {
        co_await pool.submit([] {});
        sum += x;
    }
    done.set();
}

TEST(Await, KeepsTheResultOfATemporaryForARangeFor) {
    ThreadPoolExecutor pool(2);
    Event done;
    int sum = 0;
    sum_up(pool, sum, done);
    done.wait();
    EXPECT_EQ(sum, 6);
}

Detached take(Future<std::unique_ptr<int>> future, std::unique_ptr<int>& taken) { taken = co_await std::move(future); }

TEST(Await, OfATemporaryGivesResultsThatCannotBeCopied) {
    const auto future = Future<std::unique_ptr<int>>::create();
    std::unique_ptr<int> taken;
    take(future, taken);
    future.set_result(std::make_unique<int>(7));
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(*taken, 7);
}

Detached append(const Future<std::string>& future, const char* text) { (co_await future) += text; }

TEST(Await, OfAHandleGivesAReference) {
    const auto future = Future<std::string>::create();
    future.set_result("a");
    append(future, "b");
    EXPECT_EQ(future.result(), "ab");
}

Detached await_temporaries(int& value, std::string& told) {
    auto reference = Future<int&>::create();
    reference.set_result(value);
    co_await std::move(reference) = 2;
    auto nothing = Future<void>::create();
    nothing.set_result();
    co_await std::move(nothing);
    auto failed = Future<int>::create();
    failed.set_exception(std::make_exception_ptr(std::out_of_range("failed")));
    try {
        co_await std::move(failed);
    } catch (const std::out_of_range& error) {
        told = error.what();
    }
}

TEST(Await, GivesReferencesNothingAndErrors) {
    int value = 1;
    std::string told;
    await_temporaries(value, told);
    EXPECT_EQ(value, 2);
    EXPECT_EQ(told, "failed");
}

/// Awaits the future, and counts.
Detached count_when_done(Future<int> future, int& count) {
    co_await future;
    ++count;
}

TEST(Await, IsNotResumedOnceDestroyed) {
    const auto future = Future<int>::create();
    int count = 0;
    const Detached first = count_when_done(future, count);
    const Detached second = count_when_done(future, count);
    count_when_done(future, count);
    first.frame.destroy();
    future.set_result(1);
    EXPECT_EQ(count, 2);
    static_cast<void>(second);
}

TEST(Await, IsNotResumedIfAnEarlierCallbackDestroysIt) {
    const auto future = Future<int>::create();
    int count = 0;
    std::coroutine_handle<> frame;
    future.add_done_callback([&](const Future<int>&) { frame.destroy(); });
    frame = count_when_done(future, count).frame;
    future.set_result(1);
    EXPECT_EQ(count, 0);
}

Detached write_when_done(Future<int> future, std::shared_ptr<int> to) { *to = co_await future; }

TEST(Await, LeavesNothingBehindWhenDestroyed) {
    const auto held = std::make_shared<int>(0);
    const auto future = Future<int>::create();
    for (int i = 0; i < 1000; ++i) write_when_done(future, held).frame.destroy();
    EXPECT_EQ(held.use_count(), 1);
    future.set_result(1);
    EXPECT_EQ(*held, 0);
}

TEST(Await, MayBeTheLastToHoldItsFuture) {
    auto future = Future<int>::create();
    int count = 0;
    const Detached coroutine = count_when_done(std::exchange(future, {}), count);
    coroutine.frame.destroy();
    EXPECT_EQ(count, 0);
}

Detached await_call(ThreadPoolExecutor& pool, std::atomic<int>& count) {
    co_await pool.submit([] {});
    ++count;
}

TEST(Await, StressFramesGoWhileTheyAreBeingSuspended) {
    constexpr int rounds = 2000;
    ThreadPoolExecutor pool(2);
    std::atomic<int> count{0};
    for (int i = 0; i < rounds; ++i) await_call(pool, count);
    pool.shutdown();
    EXPECT_TRUE(testing::wait_until([&] { return count == rounds; }));
}

}  // namespace
}  // namespace threadwise
