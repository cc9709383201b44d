/// idle-pool-cpu, idle-pool-switches: a pool of 64 workers, all started, that has nothing to do for 5 seconds: the
/// processor time it takes, and how often one of its threads wakes.
#include <sys/resource.h>

#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "threadwise/future.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace {

constexpr int workers = 64;

rusage usage() {
    rusage all{};
    getrusage(RUSAGE_SELF, &all);
    return all;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double processor_time(const rusage& used) { return seconds(used.ru_utime) + seconds(used.ru_stime); }

std::vector<double> doing_nothing() {
    using namespace std::chrono_literals;
    constexpr std::chrono::duration<double> watched = 5.0s / 15;  // in each of 15 rounds
    threadwise::ThreadPoolExecutor pool(workers);
    std::latch all_run(workers);
    std::vector<threadwise::Future<void>> started;
    for (int i = 0; i < workers; ++i) started.push_back(pool.submit([&] { all_run.arrive_and_wait(); }));
    for (const auto& future : started) future.result();
    std::this_thread::sleep_for(50ms);  // until the last one has gone to sleep
    const rusage before = usage();
    std::this_thread::sleep_for(watched);
    const rusage after = usage();
    constexpr long own_sleep = 1;
    return {(processor_time(after) - processor_time(before)) / watched.count() * 100,
            static_cast<double>(after.ru_nvcsw - before.ru_nvcsw - own_sleep)};
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    run.ask({{"idle-pool-cpu", "%"}, {"idle-pool-switches", "wake-ups"}}, {{"threadwise", doing_nothing}});
}
