/// semaphore-release-n: release(n), or n times sem_post(), to n threads that sleep for a permit, until the last of them
/// runs.
/// notify-all-n: notify_all() with the lock held, to n threads that wait for a condition, until the last of them has
/// let the lock go again. event-set-n: set() to n threads that wait for an event, until the last of them runs.
#include <semaphore.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/condition.hpp"
#include "threadwise/event.hpp"
#include "threadwise/semaphore.hpp"

namespace {

/// One way to let all threads go on at once.
struct Broadcast {
    Broadcast() = default;
    virtual ~Broadcast() = default;
    Broadcast(const Broadcast&) = delete;
    Broadcast& operator=(const Broadcast&) = delete;
    virtual void wait(std::size_t round) = 0;
    virtual void tell(std::size_t round, std::ptrdiff_t n) = 0;
};

struct Permits final : Broadcast {
    threadwise::Semaphore semaphore{0};
    void wait(std::size_t) override { semaphore.acquire(); }
    void tell(std::size_t, std::ptrdiff_t n) override { semaphore.release(n); }
};

struct StandardPermits final : Broadcast {
    std::counting_semaphore<> semaphore{0};
    void wait(std::size_t) override { semaphore.acquire(); }
    void tell(std::size_t, std::ptrdiff_t n) override { semaphore.release(n); }
};

struct PosixPermits final : Broadcast {
    sem_t semaphore{};
    PosixPermits() { sem_init(&semaphore, 0, 0); }
    ~PosixPermits() override { sem_destroy(&semaphore); }
    void wait(std::size_t) override {
        while (sem_wait(&semaphore) != 0) {}
    }
    void tell(std::size_t, std::ptrdiff_t n) override {
        for (std::ptrdiff_t i = 0; i < n; ++i) sem_post(&semaphore);
    }
};

struct StandardNotification final : Broadcast {
    std::mutex mutex;
    std::condition_variable condition;
    std::size_t told = 0;

    void wait(std::size_t round) override {
        std::unique_lock lock(mutex);
        while (told < round) condition.wait(lock);
    }
    void tell(std::size_t round, std::ptrdiff_t) override {
        const std::lock_guard lock(mutex);
        told = round;
        condition.notify_all();
    }
};

struct OwnNotification final : Broadcast {
    threadwise::Lock lock;
    threadwise::Condition condition{lock};
    std::size_t told = 0;

    void wait(std::size_t round) override {
        const std::lock_guard hold(lock);
        while (told < round) condition.wait();
    }
    void tell(std::size_t round, std::ptrdiff_t) override {
        const std::lock_guard hold(lock);
        told = round;
        condition.notify_all();
    }
};

struct Events final : Broadcast {
    std::vector<std::unique_ptr<threadwise::Event>> events;  // one a round, as clear() may come too early
    Events() {
        for (int i = 0; i < 64; ++i) events.push_back(std::make_unique<threadwise::Event>());
    }
    void wait(std::size_t round) override { events.at(round)->wait(); }
    void tell(std::size_t round, std::ptrdiff_t) override { events.at(round)->set(); }
};

struct AtomicWait final : Broadcast {
    std::atomic<std::size_t> told{0};
    void wait(std::size_t round) override {
        for (std::size_t seen = 0; (seen = told.load()) < round;) told.wait(seen);
    }
    void tell(std::size_t round, std::ptrdiff_t) override {
        told = round;
        told.notify_all();
    }
};

/// The median time, in microseconds, from tell() until the last of n threads has come back from wait(). A thread that
/// has come back does not wait again before the round is over: no permit is another thread's.
double time_to_last(Broadcast& broadcast, std::size_t n) {
    constexpr std::size_t rounds = 11;
    std::atomic<std::size_t> back{0};
    std::atomic<std::size_t> over{0};  // rounds
    std::atomic<bench::Clock::rep> last{0};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < n; ++i) {
        threads.emplace_back([&] {
            for (std::size_t round = 1; round <= rounds; ++round) {
                broadcast.wait(round);
                if (++back % n == 0) last = bench::Clock::now().time_since_epoch().count();
                over.wait(round - 1);
            }
        });
    }
    std::vector<double> times;
    for (std::size_t round = 1; round <= rounds; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5) + n * std::chrono::microseconds(20));  // all sleep
        const auto begun = bench::Clock::now();
        broadcast.tell(round, static_cast<std::ptrdiff_t>(n));
        while (back < n * round || last < begun.time_since_epoch().count())
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        over = round;
        over.notify_all();
        const bench::Clock::time_point ended{bench::Clock::duration(last)};
        times.push_back(std::chrono::duration<double, std::micro>(ended - begun).count());
    }
    std::ranges::nth_element(times, times.begin() + rounds / 2);
    return times[rounds / 2];
}

template <class Way>
bench::Subject subject(const std::string& name, std::size_t n) {
    return {name, [n]() -> std::vector<double> {
                Way way;
                return {time_to_last(way, n)};
            }};
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    for (const std::size_t n : {8, 64, 512}) {
        const std::string number = std::to_string(n);
        run.ask({{"semaphore-release-" + number, "us"}},
                {subject<Permits>("threadwise", n), subject<StandardPermits>("std::counting_semaphore", n),
                 subject<PosixPermits>("sem_post", n)});
        run.ask({{"notify-all-" + number, "us"}}, {subject<OwnNotification>("threadwise", n),
                                                   subject<StandardNotification>("std::condition_variable", n)});
        run.ask({{"event-set-" + number, "us"}},
                {subject<Events>("threadwise", n), subject<AtomicWait>("std::atomic::wait", n)});
    }
}
