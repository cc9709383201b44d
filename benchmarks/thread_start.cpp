/// thread-start-join: an empty thread is started and joined, one after another.
/// threads-alive-100, threads-alive-1000: so many threads, each of which sleeps for 5 ms, are started and then joined;
/// the time for one. None runs on an OS thread that another one has left.
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/recycling.hpp"
#include "threadwise/thread.hpp"
#ifdef BENCH_BOOST
#include <boost/thread/thread.hpp>
#endif

namespace {

template <class Thread>
bench::Sample start_and_join() {
    return bench::microseconds_each([](std::size_t n) {
        return bench::timed(n, [] {
            Thread thread([] {});
            thread.join();
        });
    });
}

bench::Sample start_and_join_threadwise() {
    return bench::microseconds_each([](std::size_t n) {
        return bench::timed(n, [] {
            threadwise::Thread thread([] {});
            thread.start();
            thread.join();
        });
    });
}

bench::Sample start_and_join_new_os_threads() {
    return [] {
        threadwise::set_recycling(false);
        std::vector<double> measured = start_and_join_threadwise()();
        threadwise::set_recycling(true);
        return measured;
    };
}

template <class Thread>
bench::Sample alive_at_once(std::size_t count) {
    return [count]() -> std::vector<double> {
        const auto start = bench::Clock::now();
        std::deque<Thread> threads;
        for (std::size_t i = 0; i < count; ++i) {
            threads.emplace_back([] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); });
            if constexpr (requires(Thread & thread) { thread.start(); }) threads.back().start();
        }
        for (Thread& thread : threads) thread.join();
        return {bench::seconds_since(start) / static_cast<double>(count) * 1e6};
    };
}

bench::Sample alive_at_once_threadwise(std::size_t count) {
    return [count] {
        threadwise::set_recycling(false);
        std::vector<double> measured = alive_at_once<threadwise::Thread>(count)();
        threadwise::set_recycling(true);
        return measured;
    };
}

std::vector<bench::Subject> threads() {
    return {
        {"threadwise", start_and_join_threadwise()},
        {"threadwise:no-recycling", start_and_join_new_os_threads()},
        {"std::thread", start_and_join<std::thread>()},
#ifdef BENCH_BOOST
        {"boost::thread", start_and_join<boost::thread>()},
#endif
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    run.ask({{"thread-start-join", "us"}}, threads());
    for (const std::size_t count : {100U, 1000U}) {
        run.ask({{"threads-alive-" + std::to_string(count), "us"}},
                {
                    {"threadwise:no-recycling", alive_at_once_threadwise(count)},
                    {"std::thread", alive_at_once<std::thread>(count)},
#ifdef BENCH_BOOST
                    {"boost::thread", alive_at_once<boost::thread>(count)},
#endif
                });
    }
}
