/// sort: 10 million random ints. reduce: the sum of 100 million doubles. Both with two workers.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/parallel_sort.hpp"
#ifdef BENCH_TBB
#include <execution>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/parallel_sort.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace {

constexpr int workers = 2;

template <class Sort>
bench::Sample sorting(const std::vector<int>& unsorted, Sort sort) {
    return [&unsorted, sort]() -> std::vector<double> {
        std::vector<int> values = unsorted;
        const auto start = bench::Clock::now();
        sort(values);
        return {bench::seconds_since(start) * 1e3};
    };
}

template <class Sum>
bench::Sample adding(Sum sum) {
    return [sum]() -> std::vector<double> {
        const auto start = bench::Clock::now();
        const double total = sum();
        bench::consume(total);
        return {bench::seconds_since(start) * 1e3};
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    threadwise::ThreadPoolExecutor pool(workers);
#ifdef BENCH_TBB
    oneapi::tbb::task_arena arena(workers);
#endif
    std::vector<int> unsorted(10'000'000);
    std::mt19937 random(1);
    for (int& value : unsorted) value = static_cast<int>(random());
    run.ask({{"sort", "ms"}},
            {
                {"threadwise", sorting(unsorted, [&](auto& v) { parallel_sort(pool, v); })},
                {"std::sort", sorting(unsorted, [](auto& v) { std::sort(v.begin(), v.end()); })},
#ifdef BENCH_TBB
                // libstdc++'s parallel algorithms run on oneTBB.
                {"std::sort(par)",
                 sorting(unsorted,
                         [&](auto& v) { arena.execute([&] { std::sort(std::execution::par, v.begin(), v.end()); }); })},
                {"tbb::parallel_sort",
                 sorting(unsorted,
                         [&](auto& v) { arena.execute([&] { oneapi::tbb::parallel_sort(v.begin(), v.end()); }); })},
#endif
            });

    const std::vector<double> values(100'000'000, 0.5);
    run.ask({{"reduce", "ms"}},
            {
                {"threadwise", adding([&] { return threadwise::parallel_reduce(pool, values, 0.0); })},
                {"std::accumulate", adding([&] { return std::accumulate(values.begin(), values.end(), 0.0); })},
#ifdef BENCH_TBB
                {"tbb::parallel_reduce", adding([&] {
                     return arena.execute([&] {
                         using Range = oneapi::tbb::blocked_range<const double*>;
                         return oneapi::tbb::parallel_reduce(
                             Range(values.data(), values.data() + values.size()), 0.0,
                             [](const Range& r, double sum) { return std::reduce(r.begin(), r.end(), sum); },
                             std::plus<>());
                     });
                 })},
#endif
            });
}
