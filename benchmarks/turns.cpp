/// turns-two-cores, turns-one-core: two threads take turns, each waiting until the other hands over. A figure is the
/// time of one hand-over.
/// turns-seldom: the same, but each keeps its turn for a millisecond, asleep. A figure is the processor time that one
/// hand-over costs: who spins in vain shows here.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "support/batons.hpp"
#include "support/bench.hpp"
#include "support/futex.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#ifdef BENCH_ABSEIL
#include <absl/synchronization/mutex.h>
#endif
#ifdef BENCH_BOOST
#include <boost/thread/condition_variable.hpp>
#include <boost/thread/mutex.hpp>
#endif

namespace {

struct BinarySemaphore : std::binary_semaphore {
    BinarySemaphore() : std::binary_semaphore(0) {}
};

template <class Mutex, class ConditionVariable>
class StandardConditionBaton {
public:
    void hand_to(std::size_t thread) {
        {
            const std::lock_guard lock(mutex_);
            turn_ = thread;
        }
        changed_.notify_one();
    }
    void wait_for(std::size_t thread) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return turn_ == thread; });
    }

private:
    Mutex mutex_;
    ConditionVariable changed_;
    std::size_t turn_ = 2;  // nobody's
};

class AtomicWaitBaton {
public:
    void hand_to(std::size_t thread) {
        turn_.store(thread);
        turn_.notify_one();
    }
    void wait_for(std::size_t thread) {
        for (std::size_t turn = turn_.load(); turn != thread; turn = turn_.load()) turn_.wait(turn);
    }

private:
    std::atomic<std::size_t> turn_{2};
};

#ifdef BENCH_ABSEIL
class AbseilConditionBaton {
public:
    void hand_to(std::size_t thread) {
        const absl::MutexLock lock(&mutex_);
        turn_ = thread;
        changed_.Signal();
    }
    void wait_for(std::size_t thread) {
        const absl::MutexLock lock(&mutex_);
        while (turn_ != thread) changed_.Wait(&mutex_);
    }

private:
    absl::Mutex mutex_;
    absl::CondVar changed_;
    std::size_t turn_ = 2;  // nobody's
};
#endif

#ifdef BENCH_BOOST
class BoostConditionBaton {
public:
    void hand_to(std::size_t thread) {
        {
            const boost::lock_guard<boost::mutex> lock(mutex_);
            turn_ = thread;
        }
        changed_.notify_one();
    }
    void wait_for(std::size_t thread) {
        boost::unique_lock<boost::mutex> lock(mutex_);
        while (turn_ != thread) changed_.wait(lock);
    }

private:
    boost::mutex mutex_;
    boost::condition_variable changed_;
    std::size_t turn_ = 2;  // nobody's
};
#endif

enum class Turns { often, seldom };

template <class Baton>
bench::Sample turns(bench::Place place, Turns pace) {
    if (pace == Turns::often) {
        return bench::microseconds_each([place](std::size_t n) { return bench::take_turns<Baton>(place, n, [] {}); });
    }
    return [place] {
        constexpr std::size_t n = 40;
        const double before = bench::processor_seconds();
        bench::take_turns<Baton>(place, n, [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
        return std::vector<double>{(bench::processor_seconds() - before) / n * 1e6};
    };
}

std::vector<bench::Subject> batons(bench::Place place, Turns pace = Turns::often) {
    return {
        {"threadwise:Lock", turns<bench::SemaphoreBaton<bench::HeldLock>>(place, pace)},
        {"threadwise:Event", turns<bench::SemaphoreBaton<bench::EventSemaphore>>(place, pace)},
        {"threadwise:Condition", turns<bench::ConditionBaton>(place, pace)},
        {"threadwise:Semaphore", turns<bench::SemaphoreBaton<bench::EmptySemaphore>>(place, pace)},
        {"std::condition_variable", turns<StandardConditionBaton<std::mutex, std::condition_variable>>(place, pace)},
        {"std::binary_semaphore", turns<bench::SemaphoreBaton<BinarySemaphore>>(place, pace)},
        {"std::atomic::wait", turns<AtomicWaitBaton>(place, pace)},
        {"futex", turns<bench::SemaphoreBaton<bench::FutexSemaphore<0>>>(place, pace)},
        {"1,000 pauses then futex", turns<bench::SemaphoreBaton<bench::FutexSemaphore<1000>>>(place, pace)},
#ifdef BENCH_ABSEIL
        {"absl::CondVar", turns<AbseilConditionBaton>(place, pace)},
#endif
#ifdef BENCH_BOOST
        {"boost::condition_variable", turns<BoostConditionBaton>(place, pace)},
#endif
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    run.ask({{"turns-one-core", "us"}}, batons(bench::Place::one_core));
    if (!bench::possible(bench::Place::two_cores, "turns-two-cores")) return 0;
    run.ask({{"turns-two-cores", "us"}}, batons(bench::Place::two_cores));
    run.ask({{"turns-seldom", "us"}}, batons(bench::Place::two_cores, Turns::seldom));
}
