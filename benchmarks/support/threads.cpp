#include "threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

#include "timing.hpp"

namespace bench {
namespace {

constexpr int any_core = -1;

void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
        std::fprintf(stderr, "cannot pin a thread to core %d\n", core);
        std::exit(1);
    }
}

/// Runs `body` on one thread for each core named, see two_threads().
double together(const std::vector<int>& core, const std::function<void(std::size_t)>& body) {
    std::atomic<std::size_t> ready{0};
    std::vector<Clock::time_point> begin(core.size());
    std::vector<Clock::time_point> end(core.size());
    std::vector<std::thread> running;
    for (std::size_t me = 0; me < core.size(); ++me) {
        running.emplace_back([&, me] {
            if (core[me] != any_core) pin(core[me]);
            ready.fetch_add(1);
            while (ready.load() < core.size()) std::this_thread::yield();
            begin[me] = Clock::now();
            body(me);
            end[me] = Clock::now();
        });
    }
    for (std::thread& thread : running) thread.join();
    const auto first = *std::min_element(begin.begin(), begin.end());
    return std::chrono::duration<double>(*std::max_element(end.begin(), end.end()) - first).count();
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
    return together({place == Place::one_core ? allowed.back() : allowed.front(), allowed.back()}, body);
}

double threads(std::size_t count, const std::function<void(std::size_t)>& body) {
    return together(std::vector<int>(count, any_core), body);
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
