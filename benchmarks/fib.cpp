/// fib-1, fib-2: fib(32) by fork and join without a cut-off, with one worker and with two.
#include <cstddef>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"
#ifdef BENCH_TBB
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#endif

namespace {

/// Forks that fib(n) makes: one for each call with n of 2 or more.
double forks(int n) {
    double a = 0;
    double b = 0;
    for (int i = 2; i <= n; ++i) {
        const double c = a + b + 1;
        a = b;
        b = c;
    }
    return b;
}

template <class Group>
long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    Group group;
    group.run([&a, n] { a = fib<Group>(n - 1); });
    const long b = fib<Group>(n - 2);
    group.wait();
    return a + b;
}

#ifdef BENCH_OPENMP
long fib_openmp(int n) {
    if (n < 2) return n;
    long a = 0;
#pragma omp task shared(a)
    a = fib_openmp(n - 1);
    const long b = fib_openmp(n - 2);
#pragma omp taskwait
    return a + b;
}
#endif

template <class Compute>
bench::Sample nanoseconds_a_fork(int n, Compute compute) {
    return [n, compute]() -> std::vector<double> {
        const auto start = bench::Clock::now();
        const long result = compute(n);
        bench::consume(result);
        return {bench::seconds_since(start) / forks(n) * 1e9};
    };
}

void ask(const bench::Run& run, const char* question, int workers) {
    constexpr int n = 32;
    threadwise::ThreadPoolExecutor pool(workers);
#ifdef BENCH_TBB
    oneapi::tbb::task_arena arena(workers);
#endif
    run.ask({{question, "ns"}},
            {
                {"threadwise",
                 nanoseconds_a_fork(n, [&](int i) { return pool.submit(fib<threadwise::TaskGroup>, i).result(); })},
#ifdef BENCH_TBB
                {"tbb::task_group",
                 nanoseconds_a_fork(
                     n, [&](int i) { return arena.execute([i] { return fib<oneapi::tbb::task_group>(i); }); })},
#endif
#ifdef BENCH_OPENMP
                {"OpenMP task", nanoseconds_a_fork(26,
                                                   [workers](int i) {
                                                       long result = 0;
#pragma omp parallel num_threads(workers)
#pragma omp single
                                                       result = fib_openmp(i);
                                                       return result;
                                                   })},
#endif
            });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    ask(run, "fib-1", 1);
    ask(run, "fib-2", 2);
}
