// No code of the user's runs while a pool holds a lock of its own: the move and the destruction of a callable may use
// the very pool.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "threadwise/futures.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

/// What uses the pool in each of its own functions.
struct Nosy {
    ThreadPoolExecutor* pool;
    std::atomic<int>* runs;

    Nosy(ThreadPoolExecutor& of, std::atomic<int>& count) : pool(&of), runs(&count) {}
    Nosy(const Nosy& other) noexcept : pool(other.pool), runs(other.runs) { use(); }
    Nosy(Nosy&& other) noexcept : pool(other.pool), runs(other.runs) { use(); }
    Nosy& operator=(const Nosy&) = delete;
    Nosy& operator=(Nosy&&) = delete;
    ~Nosy() { use(); }

    void operator()() const { ++*runs; }

    void use() const noexcept {
        try {
            pool->fire_and_forget([] {});
            EXPECT_EQ(pool->submit([] { return 1; }).result(), 1);
            pool->submit({.priority = 1}, [] {}).result();
        } catch (const RuntimeError&) {
            // After shutdown.
        }
    }
};

class UserCode : public ::testing::TestWithParam<bool> {
protected:
    /// Calls `submit(pool, nosy callable)` outside of the pool, or in a task of its own.
    template <class Submit>
    void expect_runs(int expected, Submit submit) {
        std::atomic<int> runs{0};
        {
            ThreadPoolExecutor pool(2);
            const auto work = [&] { submit(pool, Nosy(pool, runs)); };
            if (GetParam()) {
                pool.submit(work).result();
            } else {
                work();
            }
        }
        EXPECT_EQ(runs, expected);
    }
};

INSTANTIATE_TEST_SUITE_P(From, UserCode, ::testing::Bool(),
                         [](const auto& inside) { return inside.param ? "Inside" : "Outside"; });

TEST_P(UserCode, OfACallMayUseThePool) {
    expect_runs(1, [](ThreadPoolExecutor& pool, Nosy call) { pool.submit(std::move(call)).result(); });
}

TEST_P(UserCode, OfACallWithOptionsMayUseThePool) {
    expect_runs(1, [](ThreadPoolExecutor& pool, Nosy call) { pool.submit({.priority = 2}, std::move(call)).result(); });
}

TEST_P(UserCode, OfAForgottenCallMayUseThePool) {
    expect_runs(100, [](ThreadPoolExecutor& pool, const Nosy& call) {
        for (int i = 0; i < 100; ++i) pool.fire_and_forget(call);
    });
}

TEST_P(UserCode, OfManyForgottenCallsMayUseThePool) {
    expect_runs(100, [](ThreadPoolExecutor& pool, const Nosy& call) {
        pool.fire_and_forget_all([](const Nosy& each) { each(); }, std::vector<Nosy>(100, call));
    });
}

TEST_P(UserCode, OfAGroupsTaskMayUseThePool) {
    expect_runs(100, [](ThreadPoolExecutor& pool, const Nosy& call) {
        TaskGroup group(pool);
        for (int i = 0; i < 100; ++i) group.run(call);
        group.wait();
    });
}

TEST_P(UserCode, OfWhatAFutureHoldsMayUseThePool) {
    expect_runs(2, [](ThreadPoolExecutor& pool, const Nosy& call) {
        auto future = pool.submit([call] { return call; });
        future.add_done_callback([call](const Future<Nosy>&) { call(); });
        const Future<void> next = future.then([call](const Future<Nosy>& done) { done.result()(); });
        next.result();
        while (*call.runs != 2) std::this_thread::yield();
    });
}

TEST(UserCodeOfDropped, CallsMayUseThePool) {
    std::atomic<int> runs{0};
    ThreadPoolExecutor pool(1);
    Event go;
    pool.fire_and_forget([&] { go.wait(); });
    {
        const Nosy call(pool, runs);
        for (int i = 0; i < 3; ++i) pool.fire_and_forget(call);
        pool.submit({.priority = -1}, call);
        go.set();
    }
    pool.shutdown(true, true);
    EXPECT_LE(runs, 4);
}

// What lies in the task itself, and what does not.
using detail::QueuedCall;
template <class Call>
constexpr bool lies_inside = std::is_same_v<QueuedCall<Call>, detail::CallInside<Call>>;
static_assert(lies_inside<void (*)()> && lies_inside<detail::BoundCall<void (*)(int, double), int, double>>);
static_assert(lies_inside<std::array<std::int64_t, 5>> && !lies_inside<std::array<std::int64_t, 6>>);
static_assert(!lies_inside<Nosy> && !lies_inside<std::unique_ptr<int>>);

TEST(UserCodeOfAlignedCalls, IsCalledWhereItBelongs) {
    struct alignas(128) Aligned {
        int value = 7;
        void operator()(std::atomic<int>* sum) const {
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(this) % 128, 0U);
            *sum += value;
        }
    };
    std::atomic<int> sum{0};
    {
        ThreadPoolExecutor pool(2);
        for (int i = 0; i < 10; ++i) pool.fire_and_forget(Aligned(), &sum);
        TaskGroup group(pool);
        group.run([aligned = Aligned(), &sum] { aligned(&sum); });
        group.wait();
    }
    EXPECT_EQ(sum, 77);
}

}  // namespace
}  // namespace threadwise
