/// process-lock: what a lock in shared memory costs when nobody waits.
/// process-lock-contended: two processes take it again and again, for 100 ns each time. A figure is the time of one
/// turn, and of the work in it.
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "support/bench.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/multiprocessing/lock.hpp"
#include "threadwise/multiprocessing/rlock.hpp"
#include "threadwise/multiprocessing/shared.hpp"

namespace {

class RobustMutex {
public:
    RobustMutex() {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&mutex_, &attributes);
        pthread_mutexattr_destroy(&attributes);
    }
    void lock() {
        if (pthread_mutex_lock(&mutex_) != 0) throw std::runtime_error("the mutex's holder died");
    }
    void unlock() { pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t mutex_;
};

template <class Mutex>
bench::Sample uncontended() {
    return bench::nanoseconds_each([](std::size_t n) {
        const threadwise::multiprocessing::Shared<Mutex> mutex;
        return bench::timed(n, [&] {
            mutex->lock();
            bench::expose(*mutex);
            mutex->unlock();
        });
    });
}

/// Takes the mutex `n` times.
template <class Mutex>
void take(Mutex& mutex, std::size_t n, const bench::Work& work) {
    for (std::size_t i = 0; i < n; ++i) {
        mutex.lock();
        work();
        mutex.unlock();
    }
}

template <class Mutex>
bench::Sample contended() {
    return bench::nanoseconds_each([work = bench::Work(100)](std::size_t n) {
        struct Board {
            alignas(64) Mutex mutex;
            alignas(64) std::atomic<bool> begun{false};
        };
        const threadwise::multiprocessing::Shared<Board> board;
        const pid_t other = fork();
        if (other == 0) {
            board->begun.store(true);
            take(board->mutex, n / 2, work);
            _exit(0);
        }
        while (!board->begun.load()) {}
        const auto start = bench::Clock::now();
        take(board->mutex, n / 2, work);
        waitpid(other, nullptr, 0);
        return bench::seconds_since(start);
    });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    {
        const bench::Bystander bystander;
        run.ask({{"process-lock", "ns"}}, {{"threadwise", uncontended<threadwise::multiprocessing::Lock>()},
                                           {"threadwise:RLock", uncontended<threadwise::multiprocessing::RLock>()},
                                           {"threadwise::Lock", uncontended<threadwise::Lock>()},
                                           {"pthread robust mutex", uncontended<RobustMutex>()}});
    }
    if (!bench::possible(bench::Place::two_cores, "process-lock-contended")) return 0;
    run.ask({{"process-lock-contended", "ns"}}, {{"threadwise", contended<threadwise::multiprocessing::Lock>()},
                                                 {"pthread robust mutex", contended<RobustMutex>()}});
}
