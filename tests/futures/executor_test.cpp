#include "threadwise/executor.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {
namespace {

/// A user's own executor.
class Inline {
public:
    template <class Function>
    auto submit(Function&& function) {
        if (closed_) throw RuntimeError("cannot schedule new futures after shutdown");
        auto future = Future<std::invoke_result_t<Function&>>::create();
        if (future.set_running_or_notify_cancel()) future.set_result_of(function);
        return future;
    }
    void shutdown(bool, bool) { closed_ = true; }

private:
    bool closed_ = false;
};

static_assert(Executor<ThreadPoolExecutor>);
static_assert(Executor<Inline>);
static_assert(Executor<AnyExecutor>);

int twice(AnyExecutor executor, int n) {
    return executor.submit([](int i) { return 2 * i; }, n).result();
}

TEST(AnyExecutor, StandsForAnyExecutor) {
    ThreadPoolExecutor pool(1);
    Inline mine;
    EXPECT_EQ(twice(pool, 4), 8);
    EXPECT_EQ(twice(mine, 5), 10);
}

TEST(AnyExecutor, HandsOnResultsAndExceptions) {
    ThreadPoolExecutor pool(1);
    AnyExecutor any(pool);
    EXPECT_EQ(*any.submit([p = std::make_unique<int>(3)]() mutable { return std::move(p); }).result(), 3);
    EXPECT_THROW(any.submit([] { throw std::out_of_range("there"); }).result(), std::out_of_range);
}

TEST(AnyExecutor, ShutsDown) {
    ThreadPoolExecutor pool(1);
    AnyExecutor any(pool);
    any.shutdown();
    EXPECT_THROW(any.submit([] {}), RuntimeError);
    EXPECT_THROW(pool.submit([] {}), RuntimeError);
}

}  // namespace
}  // namespace threadwise
