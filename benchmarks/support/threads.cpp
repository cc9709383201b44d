#include "threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

#include "timing.hpp"

namespace bench {
namespace {

void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
        std::fprintf(stderr, "cannot pin a thread to core %d\n", core);
        std::exit(1);
    }
}

}  // namespace

std::vector<int> cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    std::vector<int> allowed;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(static_cast<std::size_t>(core), &set)) allowed.push_back(core);
    }
    return allowed;
}

bool possible(Place place, const char* question) {
    if (place == Place::one_core || cores().size() >= 2) return true;
    std::fprintf(stderr, "%s is skipped: it needs two cores, and this process may use one\n", question);
    return false;
}

double two_threads(Place place, const std::function<void(std::size_t)>& body) {
    const std::vector<int> allowed = cores();
    // The last core rather than the first, which tends to serve the machine's interrupts.
    const std::array<int, 2> core{place == Place::one_core ? allowed.back() : allowed.front(), allowed.back()};

    std::atomic<int> ready{0};
    std::array<Clock::time_point, 2> begin;
    std::array<Clock::time_point, 2> end;
    const auto run = [&](std::size_t me) {
        pin(core[me]);
        ready.fetch_add(1);
        while (ready.load() < 2) std::this_thread::yield();
        begin[me] = Clock::now();
        body(me);
        end[me] = Clock::now();
    };
    std::thread first(run, 0);
    std::thread second(run, 1);
    first.join();
    second.join();
    return std::chrono::duration<double>(std::max(end[0], end[1]) - std::min(begin[0], begin[1])).count();
}

struct Bystander::State {
    std::promise<void> over;
    std::thread thread{[until = over.get_future()] { until.wait(); }};
};

Bystander::Bystander() : state_(new State) {}

Bystander::~Bystander() {
    state_->over.set_value();
    state_->thread.join();
    delete state_;
}

}  // namespace bench
