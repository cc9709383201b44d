/// latency-idle: from submit to start, on a pool of two workers that has had nothing to do for two milliseconds.
/// latency-burst: the same, but each task is submitted as soon as the one before has started.
/// latency-sparse: a task each 200 us, and what the median and the last but one of two thousand take.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "support/naive_pool.hpp"
#include "support/timing.hpp"
#include "threadwise/thread_pool_executor.hpp"
#ifdef BENCH_ASIO
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#endif
#ifdef BENCH_TBB
#include <oneapi/tbb/task_arena.h>
#endif

namespace {

using Duration = std::chrono::duration<double, std::micro>;

/// From submit to start, for one task.
template <class Submit>
double latency_of_one(Submit& submit) {
    std::atomic<bool> started{false};
    bench::Clock::time_point begun;
    const auto submitted = bench::Clock::now();
    submit([&] {
        begun = bench::Clock::now();
        started.store(true, std::memory_order_release);
    });
    while (!started.load(std::memory_order_acquire)) {}
    return Duration(begun - submitted).count();
}

double quantile(std::vector<double> values, double part) {
    const auto place = static_cast<std::ptrdiff_t>(static_cast<double>(values.size()) * part);
    std::ranges::nth_element(values, values.begin() + place);
    return values[static_cast<std::size_t>(place)];
}

template <class Submit>
bench::Sample latency(std::size_t n, std::chrono::milliseconds pause, Submit submit) {
    return [n, pause, submit]() mutable -> std::vector<double> {
        std::vector<double> latencies;
        for (std::size_t i = 0; i < n; ++i) {
            if (pause.count() > 0) std::this_thread::sleep_for(pause);
            latencies.push_back(latency_of_one(submit));
        }
        return {quantile(latencies, 0.5)};
    };
}

/// Whether or not the task before has started, as with requests that come from elsewhere.
template <class Submit>
bench::Sample sparse(Submit submit) {
    return [submit]() mutable -> std::vector<double> {
        constexpr std::size_t n = 2000;
        std::vector<double> latencies(n);
        std::atomic<std::size_t> left{n};
        auto next = bench::Clock::now();
        for (double& latency : latencies) {
            next += std::chrono::microseconds(200);
            std::this_thread::sleep_until(next);
            submit([&latency, &left, submitted = bench::Clock::now()] {
                latency = Duration(bench::Clock::now() - submitted).count();
                if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) left.notify_one();
            });
        }
        for (std::size_t seen = left.load(); seen != 0; seen = left.load()) left.wait(seen);
        return {quantile(latencies, 0.5), quantile(latencies, 0.999)};
    };
}

}  // namespace

int main(int argc, char** argv) {
    using std::chrono::milliseconds;
    const bench::Run run(argc, argv);
    constexpr int workers = 2;
    threadwise::ThreadPoolExecutor ours(workers);
    bench::NaivePool naive(workers);
    auto to_ours = [&](auto task) { ours.fire_and_forget(task); };
    auto to_naive = [&](auto task) { naive.submit(task); };
#ifdef BENCH_TBB
    oneapi::tbb::task_arena arena(workers, 0);
    auto to_tbb = [&](auto task) { arena.enqueue(task); };
#endif
#ifdef BENCH_ASIO
    boost::asio::thread_pool asio(workers);
    auto to_asio = [&](auto task) { boost::asio::post(asio, task); };
#endif
    auto ask = [&](const char* question, std::size_t n, milliseconds pause) {
        run.ask({{question, "us"}}, {
                                        {"threadwise", latency(n, pause, to_ours)},
                                        {"naive pool", latency(n, pause, to_naive)},
#ifdef BENCH_TBB
                                        {"tbb::task_arena", latency(n, pause, to_tbb)},
#endif
#ifdef BENCH_ASIO
                                        {"asio::thread_pool", latency(n, pause, to_asio)},
#endif
                                    });
    };
    ask("latency-idle", 25, milliseconds(2));
    ask("latency-burst", 2000, milliseconds(0));
    run.ask({{"latency-sparse", "us"}, {"latency-sparse-p99.9", "us"}}, {
                                                                            {"threadwise", sparse(to_ours)},
                                                                            {"naive pool", sparse(to_naive)},
#ifdef BENCH_TBB
                                                                            {"tbb::task_arena", sparse(to_tbb)},
#endif
#ifdef BENCH_ASIO
                                                                            {"asio::thread_pool", sparse(to_asio)},
#endif
                                                                        });
}
