/// thread-start-join: an empty thread is started and joined, one after another.
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
}
