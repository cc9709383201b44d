/// order-check, order-check-nested: what a lock costs whose order is checked: locked and unlocked, alone, and while
/// another one is held. A program of its own, as the check cannot be switched off again.
#include <cstddef>
#include <vector>

#include "support/bench.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/lock_order.hpp"
#include "threadwise/rlock.hpp"
#ifdef BENCH_ABSEIL
#include "support/abseil.hpp"
#endif

namespace {

template <class Mutex>
bench::Sample lock_and_unlock() {
    return bench::nanoseconds_each([](std::size_t n) {
        Mutex mutex;
        return bench::timed(n, [&] {
            mutex.lock();
            bench::expose(mutex);
            mutex.unlock();
        });
    });
}

/// Two locks at a time, so that n are locked in n / 2 turns.
template <class Mutex>
bench::Sample nested() {
    return bench::nanoseconds_each([](std::size_t n) {
        Mutex outer;
        Mutex inner;
        return bench::timed(n / 2, [&] {
            outer.lock();
            inner.lock();
            bench::expose(inner);
            inner.unlock();
            outer.unlock();
        });
    });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    const bench::Bystander bystander;
    threadwise::check_lock_order();
#ifdef BENCH_ABSEIL
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kReport);
#endif
    run.ask({{"order-check", "ns"}}, {
                                         {"threadwise:Lock", lock_and_unlock<threadwise::Lock>()},
                                         {"threadwise:RLock", lock_and_unlock<threadwise::RLock>()},
#ifdef BENCH_ABSEIL
                                         {"absl::Mutex", lock_and_unlock<bench::AbseilMutex>()},
#endif
                                     });
    run.ask({{"order-check-nested", "ns"}}, {
                                                {"threadwise:Lock", nested<threadwise::Lock>()},
                                                {"threadwise:RLock", nested<threadwise::RLock>()},
#ifdef BENCH_ABSEIL
                                                {"absl::Mutex", nested<bench::AbseilMutex>()},
#endif
                                            });
}
