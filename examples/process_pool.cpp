// A pool of processes: the calls of a pool of threads, but each may crash, leave or run for ever without harm.

#include <threadwise/process_pool_executor.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

long sum_of_squares(int last) {
    long sum = 0;
    for (long i = 1; i <= last; ++i) sum += i * i;
    return sum;
}

int main() {
    // First: the processes are this program, started again.
    threadwise::multiprocessing::freeze_support();

    threadwise::ProcessPoolExecutor pool({.max_workers = 2});
    std::cout << "one call: " << pool.submit(sum_of_squares, 10).result() << '\n';

    const std::vector last{1, 2, 3, 4};
    std::cout << "many calls:";
    for (const long sum : pool.map({.chunksize = 2}, sum_of_squares, last)) std::cout << ' ' << sum;
    std::cout << '\n';

    const auto failing = pool.submit([] { throw std::out_of_range("beyond the end"); });
    const auto crashing = pool.submit([] { std::raise(SIGKILL); });
    const auto endless = pool.submit({.time_limit = 100ms}, [] { std::this_thread::sleep_for(1h); });
    try {
        failing.result();
    } catch (const std::out_of_range& error) {
        std::cout << "it threw: " << error.what() << '\n';
    }
    try {
        crashing.result();
    } catch (const threadwise::BrokenProcessPool& error) {
        std::cout << "it crashed: " << error.what() << '\n';
    }
    try {
        endless.result();
    } catch (const threadwise::TimeoutError& error) {
        std::cout << "too long: " << error.what() << '\n';
    }
    std::cout << "the pool goes on: " << pool.submit(sum_of_squares, 2).result() << '\n';
}
