/// shared-lock-1, shared-lock-2: the read side of a reader-writer lock, taken by one thread and by two at
/// once.
#include <shared_mutex>
#include <vector>

#include "support/bench.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/shared_lock.hpp"
#ifdef BENCH_ABSEIL
#include "support/abseil.hpp"
#endif
#ifdef BENCH_BOOST
#include <boost/thread/shared_mutex.hpp>
#endif
#ifdef BENCH_TBB
#include <oneapi/tbb/rw_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>
#endif

namespace {

template <class Mutex>
struct alignas(64) Aligned {
    Mutex mutex;
};

template <class Mutex>
void read(Mutex& mutex) {
    mutex.lock_shared();
    bench::expose(mutex);
    mutex.unlock_shared();
}

template <class Mutex>
bench::Sample one_reader() {
    return bench::nanoseconds_each([](std::size_t n) {
        Aligned<Mutex> lock;
        return bench::timed(n, [&] { read(lock.mutex); });
    });
}

template <class Mutex>
bench::Sample two_readers() {
    return bench::millions_a_second([](std::size_t n) {
        Aligned<Mutex> lock;
        return bench::two_threads(bench::Place::two_cores, [&](std::size_t) {
            for (std::size_t i = 0; i < n / 2; ++i) read(lock.mutex);
        });
    });
}

template <class Mutex>
bench::Sample readers(int count) {
    return count == 1 ? one_reader<Mutex>() : two_readers<Mutex>();
}

std::vector<bench::Subject> locks(int count) {
    return {
        {"threadwise", readers<threadwise::SharedLock>(count)},
        {"std::shared_mutex", readers<std::shared_mutex>(count)},
#ifdef BENCH_ABSEIL
        {"absl::Mutex", readers<bench::AbseilMutex>(count)},
#endif
#ifdef BENCH_BOOST
        {"boost::shared_mutex", readers<boost::shared_mutex>(count)},
#endif
#ifdef BENCH_TBB
        {"tbb::rw_mutex", readers<tbb::rw_mutex>(count)},
        {"tbb::spin_rw_mutex", readers<tbb::spin_rw_mutex>(count)},
#endif
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    const bench::Bystander bystander;
    run.ask({{"shared-lock-1", "ns"}}, locks(1));
    if (!bench::possible(bench::Place::two_cores, "shared-lock-2")) return 0;
    run.ask({{"shared-lock-2", "M/s"}}, locks(2));
}
