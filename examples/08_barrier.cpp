// Threads that work in steps meet at a barrier: nobody begins step two before all have done step one.

#include <threadwise/threading.hpp>

#include <array>
#include <iostream>
#include <numeric>
#include <vector>

constexpr int workers = 4;

int main() {
    std::array<int, workers> counts{};
    std::array<double, workers> shares{};
    int total = 0;

    // One of the threads calls this each time that all have come, before any goes on.
    threadwise::Barrier everybody(workers, [&] { total = std::accumulate(counts.begin(), counts.end(), 0); });

    std::vector<threadwise::Thread> threads;
    for (std::size_t i = 0; i < workers; ++i) {
        threads.emplace_back([&, i] {
            counts[i] = static_cast<int>(i + 1) * 10;  // step one
            everybody.wait();
            shares[i] = 100.0 * counts[i] / total;  // step two needs what all did in step one
        });
        threads.back().start();
    }
    for (auto& thread : threads) thread.join();

    for (std::size_t i = 0; i < workers; ++i) {
        std::cout << "worker " << i << ": " << counts[i] << " of " << total << ", " << shares[i] << " %\n";
    }
}
