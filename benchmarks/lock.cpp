/// lock-uncontended, rlock-uncontended, semaphore-uncontended, event-is-set: what a primitive costs when
/// nobody waits.
#include <semaphore.h>

#include <atomic>
#include <mutex>
#include <semaphore>
#include <vector>

#include "support/bench.hpp"
#include "support/mutexes.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/event.hpp"
#include "threadwise/rlock.hpp"
#include "threadwise/semaphore.hpp"
#ifdef BENCH_ABSEIL
#include <absl/synchronization/notification.h>

#include "support/abseil.hpp"
#endif
#ifdef BENCH_BOOST
#include <boost/thread/recursive_mutex.hpp>
#endif
#ifdef BENCH_TBB
#include <oneapi/tbb/spin_mutex.h>
#endif

namespace {

constexpr std::size_t cache_line = 64;

template <class Mutex>
bench::Sample lock_and_unlock() {
    return bench::nanoseconds_each([](std::size_t n) {
        alignas(cache_line) Mutex mutex;
        return bench::timed(n, [&] {
            mutex.lock();
            bench::expose(mutex);
            mutex.unlock();
        });
    });
}

template <class Semaphore>
bench::Sample acquire_and_release() {
    return bench::nanoseconds_each([](std::size_t n) {
        alignas(cache_line) Semaphore semaphore(1);
        return bench::timed(n, [&] {
            semaphore.acquire();
            bench::expose(semaphore);
            semaphore.release();
        });
    });
}

template <class Event, class IsSet>
bench::Sample is_set(IsSet read) {
    return bench::nanoseconds_each([read](std::size_t n) {
        alignas(cache_line) Event event;
        return bench::timed(n, [&] {
            bench::expose(event);
            bench::consume(read(event));
        });
    });
}

class PosixSemaphore {
public:
    explicit PosixSemaphore(unsigned value) { sem_init(&semaphore_, 0, value); }
    ~PosixSemaphore() { sem_destroy(&semaphore_); }
    PosixSemaphore(const PosixSemaphore&) = delete;
    PosixSemaphore& operator=(const PosixSemaphore&) = delete;
    void acquire() { sem_wait(&semaphore_); }
    void release() { sem_post(&semaphore_); }

private:
    sem_t semaphore_;
};

std::vector<bench::Subject> locks() {
    auto all = bench::each_mutex([]<class Mutex>() { return lock_and_unlock<Mutex>(); });
#ifdef BENCH_TBB
    all.push_back({"tbb::spin_mutex", lock_and_unlock<tbb::spin_mutex>()});
#endif
    return all;
}

std::vector<bench::Subject> recursive_locks() {
    return {
        {"threadwise", lock_and_unlock<threadwise::RLock>()},
        {"std::recursive_mutex", lock_and_unlock<std::recursive_mutex>()},
#ifdef BENCH_BOOST
        {"boost::recursive_mutex", lock_and_unlock<boost::recursive_mutex>()},
#endif
    };
}

std::vector<bench::Subject> semaphores() {
    return {
        {"threadwise", acquire_and_release<threadwise::Semaphore>()},
        {"std::counting_semaphore", acquire_and_release<std::counting_semaphore<>>()},
        {"sem_t", acquire_and_release<PosixSemaphore>()},
    };
}

std::vector<bench::Subject> events() {
    return {
        {"threadwise", is_set<threadwise::Event>([](const auto& event) { return event.is_set(); })},
        {"std::atomic<bool>", is_set<std::atomic<bool>>([](const auto& flag) { return flag.load(); })},
#ifdef BENCH_ABSEIL
        {"absl::Notification", is_set<absl::Notification>([](const auto& event) { return event.HasBeenNotified(); })},
#endif
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    const bench::Bystander bystander;
    run.ask({{"lock-uncontended", "ns"}}, locks());
    run.ask({{"rlock-uncontended", "ns"}}, recursive_locks());
    run.ask({{"semaphore-uncontended", "ns"}}, semaphores());
    run.ask({{"event-is-set", "ns"}}, events());
}
