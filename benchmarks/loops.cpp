/// Parallel loops that a thread from outside of the pool asks for, with two workers; the time of one loop.
///
/// for-cheap: 10 million steps of a nanosecond. for-ramp: 1,000 steps, the last a thousand times as long as the first.
/// for-short: 8 steps of 5 microseconds. for-empty: 64 steps that do nothing.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/parallel_for.hpp"
#include "threadwise/thread_pool_executor.hpp"
#ifdef BENCH_TBB
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace {

constexpr int workers = 2;

/// Computes something for as many turns.
void spin(std::size_t turns) {
    std::size_t value = turns;
    for (std::size_t i = 0; i < turns; ++i) value = value * 6364136223846793005U + 1442695040888963407U;
    bench::consume(static_cast<double>(value));
}

/// Turns of spin() that take about as many microseconds.
std::size_t turns_for(double microseconds) {
    constexpr std::size_t probe = 1'000'000;
    double shortest = 1;
    for (int i = 0; i < 20; ++i) {
        const auto start = bench::Clock::now();
        spin(probe);
        shortest = std::min(shortest, bench::seconds_since(start));
    }
    return static_cast<std::size_t>(static_cast<double>(probe) * microseconds / (shortest * 1e6));
}

/// `for_each(size, step)` runs `step(i)` for each i below `size`.
template <class ForEach, class Step>
bench::Sample looping(int loops, std::size_t size, ForEach for_each, Step step) {
    return [=]() -> std::vector<double> {
        const auto start = bench::Clock::now();
        for (int i = 0; i < loops; ++i) for_each(size, step);
        return {bench::seconds_since(start) * 1e6 / loops};
    };
}

template <class Step>
void ask(const bench::Run& run, const char* name, int loops, std::size_t size, threadwise::ThreadPoolExecutor& pool,
         Step step) {
    const auto threadwise_for = [&pool](std::size_t n, const auto& body) {
        threadwise::parallel_for(pool, std::size_t{0}, n, body);
    };
    const auto serial_for = [](std::size_t n, const auto& body) {
        for (std::size_t i = 0; i < n; ++i) body(i);
    };
#ifdef BENCH_TBB
    const auto tbb_for = [](std::size_t n, const auto& body) { oneapi::tbb::parallel_for(std::size_t{0}, n, body); };
#endif
#ifdef BENCH_OPENMP
    const auto openmp_for = [](std::size_t n, const auto& body) {
#pragma omp parallel for num_threads(workers) schedule(guided)
        for (std::size_t i = 0; i < n; ++i) body(i);
    };
#endif
    run.ask({{name, "us"}}, {
                                {"threadwise", looping(loops, size, threadwise_for, step)},
                                {"serial", looping(loops, size, serial_for, step)},
#ifdef BENCH_TBB
                                {"tbb::parallel_for", looping(loops, size, tbb_for, step)},
#endif
#ifdef BENCH_OPENMP
                                {"OpenMP guided", looping(loops, size, openmp_for, step)},
#endif
                            });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    threadwise::ThreadPoolExecutor pool(workers);
#ifdef BENCH_TBB
    // Without it oneTBB has one thread fewer than there are cores beside the caller.
    const oneapi::tbb::global_control more_threads(oneapi::tbb::global_control::max_allowed_parallelism, workers + 1);
#endif
    std::vector<float> values(10'000'000, 1);
    ask(run, "for-cheap", 1, values.size(), pool, [data = values.data()](std::size_t i) { data[i] = data[i] * 2 + 1; });
    const std::size_t microsecond = turns_for(1);
    ask(run, "for-ramp", 5, 1000, pool, [microsecond](std::size_t i) { spin(i * microsecond / 100); });
    ask(run, "for-short", 200, 8, pool, [microsecond](std::size_t) { spin(5 * microsecond); });
    ask(run, "for-empty", 2000, 64, pool, [](std::size_t i) { bench::consume(static_cast<double>(i)); });
}
