/// latency-idle: from submit to start, on a pool of two workers that has had nothing to do for two milliseconds.
/// latency-burst: the same, but each task is submitted as soon as the one before has started.
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

template <class Submit>
double median_latency(std::size_t n, std::chrono::milliseconds pause, Submit& submit) {
    std::vector<double> latencies;
    for (std::size_t i = 0; i < n; ++i) {
        if (pause.count() > 0) std::this_thread::sleep_for(pause);
        std::atomic<bool> started{false};
        bench::Clock::time_point begun;
        const auto submitted = bench::Clock::now();
        submit([&] {
            begun = bench::Clock::now();
            started.store(true, std::memory_order_release);
        });
        while (!started.load(std::memory_order_acquire)) {}
        latencies.push_back(Duration(begun - submitted).count());
    }
    std::ranges::nth_element(latencies, latencies.begin() + static_cast<std::ptrdiff_t>(n / 2));
    return latencies[n / 2];
}

template <class Submit>
bench::Sample latency(std::size_t n, std::chrono::milliseconds pause, Submit submit) {
    return [n, pause, submit]() mutable -> std::vector<double> { return {median_latency(n, pause, submit)}; };
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
}
