/// lock-many-32, lock-many-128: so many threads on two cores fight for a lock for 250 ms. Each holds it for 50 ns and
/// stays away for 200. Beside the throughput stands how much the slowest thread got of its even share.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "support/mutexes.hpp"
#include "support/timing.hpp"

namespace {

constexpr std::chrono::milliseconds duration{250};

template <class Mutex>
struct Fight {
    Mutex mutex;
    std::atomic<bool> has_begun{false};
    std::atomic<bool> is_over{false};
};

/// Returns how often the calling thread had the lock.
template <class Mutex>
std::size_t take_part(Fight<Mutex>& fight, const bench::Work& inside, const bench::Work& outside) {
    fight.has_begun.wait(false);
    std::size_t count = 0;
    for (; !fight.is_over.load(std::memory_order_relaxed); ++count) {
        fight.mutex.lock();
        inside();
        fight.mutex.unlock();
        outside();
    }
    return count;
}

template <class Mutex>
bench::Sample contended(std::size_t threads) {
    return [threads, inside = bench::Work(50), outside = bench::Work(200)]() -> std::vector<double> {
        Fight<Mutex> fight;
        std::vector<std::size_t> counts(threads);
        std::vector<std::thread> fighters;
        for (std::size_t& count : counts) {
            fighters.emplace_back([&] { count = take_part(fight, inside, outside); });
        }
        const auto start = bench::Clock::now();
        fight.has_begun = true;
        fight.has_begun.notify_all();
        std::this_thread::sleep_for(duration);
        fight.is_over = true;
        for (std::thread& fighter : fighters) fighter.join();
        const double seconds = bench::seconds_since(start);
        double all = 0;
        for (const std::size_t count : counts) all += static_cast<double>(count);
        const auto slowest = static_cast<double>(std::ranges::min(counts));
        return {all / seconds / 1e6, slowest / (all / static_cast<double>(threads))};
    };
}

std::vector<bench::Subject> locks(std::size_t threads) {
    return bench::each_mutex([=]<class Mutex>() { return contended<Mutex>(threads); });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    for (const std::size_t threads : {32U, 128U}) {
        const std::string name = "lock-many-" + std::to_string(threads);
        run.ask({{name, "M/s"}, {name + "-slowest", "share"}}, locks(threads));
    }
}
