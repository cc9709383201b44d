// Of all that would end a future one succeeds, and values are destroyed exactly once.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
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

using testing::wait_until;

/// Counts those that are alive, and calls a function while one is being moved.
class Value {
public:
    explicit Value(std::string text) : text_(std::move(text)) { ++alive; }
    Value(Value&& other) : text_(std::move(other.text_)) {
        if (const auto function = std::exchange(inside, nullptr)) function();
        ++alive;
    }
    Value& operator=(Value&&) = delete;
    ~Value() { --alive; }

    const std::string& text() const { return text_; }

    static inline std::atomic<int> alive{0};
    static inline std::function<void()> inside;

private:
    std::string text_;
};

void on_another_thread(const std::function<void()>& function) { std::thread(function).join(); }

TEST(FutureClaim, IsNotCancelledWhileItsResultIsBuilt) {
    {
        const auto future = Future<Value>::create();
        bool cancelled = true;
        bool running = false;
        bool done = true;
        Value::inside = [&] {
            on_another_thread([&] {
                cancelled = future.cancel();
                running = future.running();
                done = future.done();
            });
        };
        future.set_result(Value("kept"));
        EXPECT_FALSE(cancelled);
        EXPECT_TRUE(running);
        EXPECT_FALSE(done);
        EXPECT_FALSE(future.cancelled());
        EXPECT_EQ(future.result().text(), "kept");
    }
    EXPECT_EQ(Value::alive, 0);
}

TEST(FutureClaim, TakesNoSecondOutcomeWhileItsResultIsBuilt) {
    {
        const auto future = Future<Value>::create();
        Value::inside = [&] {
            on_another_thread([&] {
                EXPECT_THROW(future.set_result(Value("second")), InvalidStateError);
                EXPECT_THROW(future.set_exception(std::make_exception_ptr(1)), InvalidStateError);
                EXPECT_THROW(future.set_result_of([] { return Value("third"); }), InvalidStateError);
                EXPECT_THROW(future.set_running_or_notify_cancel(), InvalidStateError);
            });
            EXPECT_THROW(future.set_result(Value("of the same thread")), InvalidStateError);
        };
        future.set_result(Value("first"));
        EXPECT_EQ(future.result().text(), "first");
    }
    EXPECT_EQ(Value::alive, 0);
}

TEST(FutureClaim, MakesNoCallForALoser) {
    const auto future = Future<int>::create();
    future.cancel();
    bool called = false;
    EXPECT_THROW(future.set_result_of([&] { return called = true, 1; }), InvalidStateError);
    EXPECT_FALSE(called);
}

TEST(FutureClaim, IsGivenBackIfTheResultCannotBeBuilt) {
    {
        const auto future = Future<Value>::create();
        Value::inside = [] { throw std::out_of_range("no copy"); };
        EXPECT_THROW(future.set_result(Value("lost")), std::out_of_range);
        EXPECT_FALSE(future.running()) << "as before";
        EXPECT_FALSE(future.done());
        EXPECT_TRUE(future.set_running_or_notify_cancel());

        Value::inside = [] { throw std::out_of_range("no copy"); };
        EXPECT_THROW(future.set_result(Value("lost")), std::out_of_range);
        EXPECT_TRUE(future.running()) << "as before";
        EXPECT_FALSE(future.cancel());
        future.set_result(Value("built"));
        EXPECT_EQ(future.result().text(), "built");
    }
    {
        const auto future = Future<Value>::create();
        Value::inside = [] { throw std::out_of_range("no copy"); };
        EXPECT_THROW(future.set_result(Value("lost")), std::out_of_range);
        EXPECT_TRUE(future.cancel());
    }
    EXPECT_EQ(Value::alive, 0);
}

TEST(FutureClaim, FailsACallWhoseResultCannotBeMovedIn) {
    {
        const auto future = Future<Value>::create();
        future.set_result_of([] {
            Value::inside = [] { throw std::out_of_range("no move"); };
            return Value("lost");
        });
        EXPECT_THROW(future.result(), std::out_of_range);

        ThreadPoolExecutor pool(1);
        const auto call = pool.submit([] {
            Value::inside = [] { throw std::out_of_range("no move"); };
            return Value("lost");
        });
        EXPECT_THROW(call.result(), std::out_of_range);
    }
    EXPECT_EQ(Value::alive, 0);
}

TEST(FutureClaim, RefusesNoException) {
    const auto future = Future<std::string>::create();
    EXPECT_THROW(future.set_exception(nullptr), ValueError);
    future.set_result("still pending");
    EXPECT_EQ(future.result(), "still pending");
}

TEST(FutureClaim, KeepsOthersFromACallThatThePoolMakes) {
    ThreadPoolExecutor pool(1);
    Event inside;
    Event go_on;
    const auto call = pool.submit([&] {
        inside.set();
        go_on.wait();
        return std::string("the call's");
    });
    inside.wait();
    EXPECT_THROW(call.set_result("another"), InvalidStateError);
    EXPECT_THROW(call.set_exception(std::make_exception_ptr(1)), InvalidStateError);
    go_on.set();
    EXPECT_EQ(call.result(), "the call's");
}

TEST(FutureClaim, LeavesNothingForThePoolToCall) {
    ThreadPoolExecutor pool(1);
    std::atomic<bool> go_on{false};
    // Not at the door: no other worker is to take this one's slot.
    pool.fire_and_forget([&] { go_on.wait(false); });
    std::atomic<bool> called{false};
    const auto second = pool.submit([&] {
        called = true;
        return std::string("the call's");
    });
    EXPECT_NO_THROW(second.set_result("set before"));
    go_on = true;
    go_on.notify_all();
    pool.shutdown();
    EXPECT_EQ(second.result(), "set before");
    EXPECT_FALSE(called);
}

TEST(FutureClaim, StressOneSucceeds) {
    constexpr int rounds = 300;
    for (int round = 0; round < rounds; ++round) {
        const auto future = Future<Value>::create();
        std::atomic<int> successes{0};
        std::atomic<int> ready{0};
        const auto attempt = [&](const std::function<bool()>& end) {
            ++ready;
            while (ready != 4) std::this_thread::yield();
            try {
                if (end()) ++successes;
            } catch (const InvalidStateError&) {
                // Another one has succeeded.
            }
        };
        {
            std::vector<std::jthread> threads;
            threads.emplace_back(attempt, [&] { return future.set_result(Value(std::string(50, 'A'))), true; });
            threads.emplace_back(attempt, [&] { return future.set_result(Value(std::string(50, 'B'))), true; });
            threads.emplace_back(attempt, [&] { return future.cancel(); });
            threads.emplace_back(attempt, [&] { return future.set_exception(std::make_exception_ptr(round)), true; });
        }
        EXPECT_EQ(successes, 1);
        EXPECT_TRUE(future.done());
    }
    EXPECT_EQ(Value::alive, 0);
}

TEST(FutureClaim, StressWaitersSeeTheOneOutcome) {
    for (int round = 0; round < 200; ++round) {
        const auto future = Future<Value>::create();
        std::atomic<int> told{0};
        future.add_done_callback([&](const Future<Value>&) { ++told; });
        const std::jthread canceller([future] { future.cancel(); });
        const std::jthread setter([future] {
            try {
                future.set_result(Value("set"));
            } catch (const InvalidStateError&) {
                EXPECT_TRUE(future.cancelled());
            }
        });
        try {
            EXPECT_EQ(future.result().text(), "set");
            EXPECT_FALSE(future.cancel());
        } catch (const CancelledError&) {
            EXPECT_TRUE(future.cancelled());
        }
        EXPECT_TRUE(wait_until([&] { return told == 1; }));
    }
}

TEST(FutureHandle, ThrowsInsteadOfDoingAnythingIfItStandsForNothing) {
    const Future<int> empty;
    EXPECT_FALSE(empty.valid());
    EXPECT_THROW(empty.cancel(), InvalidStateError);
    EXPECT_THROW(empty.cancelled(), InvalidStateError);
    EXPECT_THROW(empty.running(), InvalidStateError);
    EXPECT_THROW(empty.done(), InvalidStateError);
    EXPECT_THROW(empty.result(), InvalidStateError);
    EXPECT_THROW(Future<int>().result(), InvalidStateError);
    EXPECT_THROW(empty.result(std::stop_token()), InvalidStateError);
    EXPECT_THROW(Future<int>().result(std::stop_token()), InvalidStateError);
    EXPECT_THROW(empty.exception(), InvalidStateError);
    EXPECT_THROW(empty.add_done_callback([](const Future<int>&) {}), InvalidStateError);
    EXPECT_THROW(empty.then([](const Future<int>&) {}), InvalidStateError);
    EXPECT_THROW(empty.set_running_or_notify_cancel(), InvalidStateError);
    EXPECT_THROW(empty.set_result(1), InvalidStateError);
    EXPECT_THROW(empty.set_exception(std::make_exception_ptr(1)), InvalidStateError);
    EXPECT_THROW(empty.set_result_of([] { return 1; }), InvalidStateError);
    EXPECT_THROW(empty.operator co_await(), InvalidStateError);
    EXPECT_THROW(Future<int>().operator co_await(), InvalidStateError);
    EXPECT_THROW(wait(std::vector{empty}), InvalidStateError);
    EXPECT_THROW(as_completed(std::vector{empty}), InvalidStateError);
    EXPECT_EQ(empty, Future<int>());
}

TEST(FutureHandle, SaysThatItHasBeenMovedFrom) {
    auto future = Future<int>::create();
    const auto moved = std::move(future);
    try {
        future.result();  // NOLINT(bugprone-use-after-move): that is the question
        FAIL() << "nothing was thrown";
    } catch (const InvalidStateError& error) {
        EXPECT_NE(std::string(error.what()).find("moved from"), std::string::npos);
    }
    future = moved;
    moved.set_result(1);
    EXPECT_EQ(future.result(), 1);
}

}  // namespace
}  // namespace threadwise
