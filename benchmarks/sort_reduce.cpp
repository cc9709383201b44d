/// sort-*: 10 million numbers of 64 bits: random; nearly sorted, one in a hundred swapped with another; reversed; few,
/// of 16 values; tail, sorted with 100,000 appended. reduce: the sum of 100 million doubles. All with two workers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/parallel_sort.hpp"
#ifdef BENCH_TBB
#include <execution>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/parallel_sort.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace {

constexpr int workers = 2;

using Numbers = std::vector<std::uint64_t>;

template <class Sort>
bench::Sample sorting(const Numbers& unsorted, Sort sort) {
    return [&unsorted, sort]() -> std::vector<double> {
        Numbers values = unsorted;
        const auto start = bench::Clock::now();
        sort(values);
        return {bench::seconds_since(start) * 1e3};
    };
}

void ask_to_sort(const bench::Run& run, const char* name, const Numbers& unsorted,
                 threadwise::ThreadPoolExecutor& pool) {
    run.ask(
        {{name, "ms"}},
        {
            {"threadwise", sorting(unsorted, [&](auto& v) { parallel_sort(pool, v); })},
            {"std::sort", sorting(unsorted, [](auto& v) { std::sort(v.begin(), v.end()); })},
#ifdef BENCH_TBB
            // libstdc++'s parallel algorithms run on oneTBB.
            {"std::sort(par)", sorting(unsorted, [](auto& v) { std::sort(std::execution::par, v.begin(), v.end()); })},
            {"tbb::parallel_sort", sorting(unsorted, [](auto& v) { oneapi::tbb::parallel_sort(v.begin(), v.end()); })},
#endif
        });
}

/// Each of 10 million numbers is what `number(i)` returns.
template <class Number>
Numbers numbers(Number number) {
    constexpr std::size_t size = 10'000'000;
    Numbers values(size);
    for (std::size_t i = 0; i < size; ++i) values[i] = number(i);
    return values;
}

Numbers nearly_sorted() {
    Numbers values = numbers([](std::size_t i) { return i; });
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < values.size() / 100; ++i) {
        std::swap(values[random() % values.size()], values[random() % values.size()]);
    }
    return values;
}

Numbers sorted_with_tail() {
    std::mt19937_64 random(1);
    return numbers([&](std::size_t i) { return i < 9'900'000 ? i : random() % 10'000'000; });
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
    // Without it oneTBB has one thread fewer than there are cores beside the caller.
    const oneapi::tbb::global_control more_threads(oneapi::tbb::global_control::max_allowed_parallelism, workers + 1);
    oneapi::tbb::task_arena arena(workers);
#endif
    std::mt19937_64 random(1);
    ask_to_sort(run, "sort-random", numbers([&](std::size_t) { return random(); }), pool);
    ask_to_sort(run, "sort-nearly", nearly_sorted(), pool);
    ask_to_sort(run, "sort-reversed", numbers([](std::size_t i) { return ~i; }), pool);
    ask_to_sort(run, "sort-few", numbers([&](std::size_t) { return random() % 16; }), pool);
    ask_to_sort(run, "sort-tail", sorted_with_tail(), pool);

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
