/// barrier-2: two threads on two cores meet again and again. A figure is the time of one meeting.
#include <pthread.h>

#include <barrier>
#include <vector>

#include "support/bench.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/barrier.hpp"
#ifdef BENCH_BOOST
#include <boost/thread/barrier.hpp>
#endif

namespace {

template <class Barrier, class Wait>
bench::Sample meet(Wait wait) {
    return bench::nanoseconds_each([wait](std::size_t n) {
        Barrier barrier(2);
        return bench::two_threads(bench::Place::two_cores, [&](std::size_t) {
            for (std::size_t i = 0; i < n; ++i) wait(barrier);
        });
    });
}

class PosixBarrier {
public:
    explicit PosixBarrier(unsigned parties) { pthread_barrier_init(&barrier_, nullptr, parties); }
    ~PosixBarrier() { pthread_barrier_destroy(&barrier_); }
    PosixBarrier(const PosixBarrier&) = delete;
    PosixBarrier& operator=(const PosixBarrier&) = delete;
    void wait() { pthread_barrier_wait(&barrier_); }

private:
    pthread_barrier_t barrier_;
};

std::vector<bench::Subject> barriers() {
    return {
        {"threadwise", meet<threadwise::Barrier>([](auto& barrier) { barrier.wait(); })},
        {"std::barrier", meet<std::barrier<>>([](auto& barrier) { barrier.arrive_and_wait(); })},
        {"pthread_barrier_t", meet<PosixBarrier>([](auto& barrier) { barrier.wait(); })},
#ifdef BENCH_BOOST
        {"boost::barrier", meet<boost::barrier>([](auto& barrier) { barrier.wait(); })},
#endif
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    if (!bench::possible(bench::Place::two_cores, "barrier-2")) return 0;
    run.ask({{"barrier-2", "ns"}}, barriers());
}
