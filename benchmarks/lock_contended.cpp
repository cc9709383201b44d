/// lock-contended-0, lock-contended-80: two threads on two cores fight for a lock. Each holds it for 16 ns
/// and stays away for 0 or 80 ns. Beside the throughput stands how fairly it was shared: the lowest share of
/// the acquisitions that either thread got in any window of 10 ms.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/bench.hpp"
#include "support/mutexes.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"

namespace {

constexpr std::chrono::milliseconds window{10};
constexpr std::size_t windows = 6;
// The clock is read after this many acquisitions, since reading it takes longer than holding the lock.
constexpr std::size_t batch = 64;

using Counts = std::array<std::size_t, windows>;  // a thread's acquisitions by window

template <class Mutex>
struct alignas(64) Guarded {
    Mutex mutex;
    std::size_t counter = 0;  // checks that the lock excludes
};

template <class Mutex>
Counts fight(Guarded<Mutex>& guarded, const bench::Work& inside, const bench::Work& outside) {
    Counts counts{};
    for (const auto start = bench::Clock::now();;) {
        for (std::size_t i = 0; i < batch; ++i) {
            guarded.mutex.lock();
            ++guarded.counter;
            inside();
            guarded.mutex.unlock();
            outside();
        }
        const auto now = static_cast<std::size_t>((bench::Clock::now() - start) / window);
        if (now >= windows) return counts;
        counts[now] += batch;
    }
}

// A thread that was kept waiting past the end of a window has nothing in it: that is the unfairness we look
// for.
double lowest_share(const Counts& a, const Counts& b) {
    double lowest = 1;
    for (std::size_t w = 0; w < windows; ++w) {
        const std::size_t all = a[w] + b[w];
        if (all > 0) lowest = std::min(lowest, static_cast<double>(std::min(a[w], b[w])) / static_cast<double>(all));
    }
    return lowest;
}

template <class Mutex>
bench::Sample contended(double outside_ns) {
    return [inside = bench::Work(16), outside = bench::Work(outside_ns)] {
        Guarded<Mutex> guarded;
        std::array<Counts, 2> counts;
        const double seconds = bench::two_threads(
            bench::Place::two_cores, [&](std::size_t me) { counts[me] = fight(guarded, inside, outside); });
        return std::vector<double>{static_cast<double>(guarded.counter) / seconds / 1e6,
                                   lowest_share(counts[0], counts[1])};
    };
}

std::vector<bench::Subject> locks(double outside_ns) {
    return bench::each_mutex([=]<class Mutex>() { return contended<Mutex>(outside_ns); });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    if (!bench::possible(bench::Place::two_cores, "lock-contended")) return 0;
    run.ask({{"lock-contended-0", "M/s"}, {"lock-contended-0-fairness", "share"}}, locks(0));
    run.ask({{"lock-contended-80", "M/s"}, {"lock-contended-80-fairness", "share"}}, locks(80));
}
