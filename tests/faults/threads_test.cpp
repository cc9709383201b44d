// Threads, timers, thread-local values and sleeps while something fails.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "faults/support/faults.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using testing::faults::Counted;
using testing::faults::survives_all_faults;
using testing::faults::Trial;

void start_and_join(Trial& trial) {
    std::atomic<int> runs{0};
    int started = 0;
    for (int i = 0; i < 6; ++i) {
        trial.attempt([&] {
            Thread thread({.name = i % 2 == 0 ? "a name that needs an allocation" : ""},
                          [&runs, counted = Counted()] { ++runs; });
            thread.start();
            ++started;
            thread.join();
            trial.expect(!thread.is_alive(), "a thread that was joined has ended");
        });
    }
    trial.expect(runs == started, "what was started has run");
    trial.expect(active_count() == 1, "threads that could not be started are not listed");
}
TEST(ThreadFaults, StartAndJoin) { survives_all_faults(start_and_join); }

void start_again(Trial& trial) {
    std::atomic<int> runs{0};
    trial.attempt([&] {
        Thread thread([&runs, counted = Counted()] { ++runs; });
        while (!trial.attempt([&] { thread.start(); })) {
            trial.expect(!thread.is_alive(), "a thread that could not be started is not alive");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        thread.join();
        trial.expect(runs == 1, "it runs once");
    });
}
TEST(ThreadFaults, StartAgainWhatCouldNotBeStarted) { survives_all_faults(start_again); }

void many_at_once(Trial& trial) {
    std::atomic<int> runs{0};
    int started = 0;
    {
        std::vector<Thread> threads;
        trial.attempt([&] {
            for (int i = 0; i < 5; ++i) {
                threads.emplace_back([&runs, counted = Counted()](std::stop_token) { ++runs; });
                threads.back().start();
                ++started;
            }
        });
        trial.attempt([&] { trial.expect(enumerate().size() >= 1, "the caller is listed"); });
        trial.attempt([&] {
            std::ostringstream text;
            dump(text);
        });
    }
    trial.expect(runs == started, "what was started has run");
}
TEST(ThreadFaults, ManyAtOnce) { survives_all_faults(many_at_once); }

void escaping_exceptions(Trial& trial) {
    std::atomic<int> reports{0};
    int started = 0;
    trial.attempt([&] { set_excepthook([&reports](const ExceptHookArgs&) { ++reports; }); });
    const bool is_set = static_cast<bool>(reports == 0);
    trial.attempt([&] {
        Thread thread([counted = Counted()] { throw std::out_of_range("it escapes"); });
        thread.start();
        ++started;
        thread.join();
    });
    trial.attempt([] { set_excepthook({}); });
    trial.expect(is_set && reports <= started, "no report too many");
}
TEST(ThreadFaults, EscapingExceptions) { survives_all_faults(escaping_exceptions); }

void timers(Trial& trial) {
    std::atomic<int> runs{0};
    int started = 0;
    trial.attempt([&] {
        Timer timer(std::chrono::milliseconds(1), [&runs, counted = Counted()] { ++runs; });
        timer.start();
        ++started;
        timer.join();
    });
    trial.expect(runs == started, "the timer goes off");
    trial.attempt([&] {
        Timer timer(std::chrono::hours(1), [&runs, counted = Counted()] { ++runs; });
        timer.start();
        timer.cancel();
        timer.join();
    });
    trial.expect(runs == started, "one that is cancelled does not");
}
TEST(ThreadFaults, Timers) { survives_all_faults(timers); }

void locals(Trial& trial) {
    trial.attempt([&] {
        Local<Counted> first;
        Local<std::string> second([] { return std::string(100, 'x'); });
        auto use = [&] {
            trial.attempt([&] { first.get(); });
            trial.attempt([&] { trial.expect(second.get().size() == 100, "the value"); });
        };
        use();
        Thread thread(use);
        thread.start();
        thread.join();
        std::jthread(use).join();
    });
}
TEST(ThreadFaults, Locals) { survives_all_faults(locals); }

void sleeps(Trial& trial) {
    trial.attempt([] { sleep_for(std::chrono::microseconds(100)); });
    trial.attempt(
        [&] { std::jthread([&] { trial.attempt([] { sleep_for(std::chrono::microseconds(100)); }); }).join(); });
    trial.attempt([&] {
        Thread sleeper([&] {
            try {
                sleep_for(std::chrono::hours(1));
            } catch (const InterruptedError&) {
                return;
            }
        });
        sleeper.start();
        interrupt(sleeper);
        sleeper.join();
    });
}
TEST(ThreadFaults, Sleeps) { survives_all_faults(sleeps); }

}  // namespace
}  // namespace threadwise
