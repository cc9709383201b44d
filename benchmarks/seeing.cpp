/// wait-noted: how much more processor time a wait that sleeps takes because its thread may look for deadlocks. Two
/// threads take turns on one core, now with threads that look and now without.
/// deadlock-delay-N: from the moment at which the last of N threads begins the wait that closes a circle to the report.
/// dump-latency: `threadwise dump` of a process with 1,000 threads that wait, and what gdb takes for its list of them.
/// top-cpu: the processor time of `threadwise top` of such a process, four times a second, on a terminal.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/batons.hpp"
#include "support/bench.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/barrier.hpp"
#include "threadwise/deadlock_hook.hpp"
#include "threadwise/event.hpp"
#include "threadwise/future.hpp"
#include "threadwise/rlock.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace {

template <class Baton>
void take_turns(std::size_t n) {
    bench::take_turns<Baton>(bench::Place::one_core, n, [] {});
}

/// Each of the calls wakes the worker, which goes back to sleep, and the caller sleeps until the outcome is there.
void call_and_wait(std::size_t n) {
    threadwise::ThreadPoolExecutor pool(1);
    for (std::size_t i = 0; i < n; ++i) pool.submit([] {}).result();
}

double processor_time_of(threadwise::OnDeadlock action, void (*wait)(std::size_t), std::size_t n) {
    threadwise::set_on_deadlock(action);
    const double before = bench::processor_seconds();
    wait(n);
    return bench::processor_seconds() - before;
}

bench::Sample noted(void (*wait)(std::size_t)) {
    return [wait] {
        constexpr std::size_t turns = 500;
        constexpr int pairs = 20;
        std::vector<double> more;
        for (int i = 0; i < pairs; ++i) {
            const double without = processor_time_of(threadwise::OnDeadlock::ignore, wait, turns);
            const double with = processor_time_of(threadwise::OnDeadlock::report, wait, turns);
            more.push_back((with - without) / turns * 1e9);
        }
        std::nth_element(more.begin(), more.begin() + pairs / 2, more.end());
        return std::vector<double>{more[pairs / 2]};
    };
}

/// So many threads take a lock each, and then want that of the next; one of the waits fails, and all end.
double report_delay(std::size_t size) {
    std::vector<threadwise::RLock> locks(size);
    threadwise::Barrier all_hold(static_cast<std::ptrdiff_t>(size));
    std::atomic<bench::Clock::rep> closed{0};
    std::atomic<bench::Clock::rep> reported{0};
    const auto now = [] { return bench::Clock::now().time_since_epoch().count(); };
    threadwise::set_on_deadlock(threadwise::OnDeadlock::fail);
    threadwise::set_deadlock_hook([&](const threadwise::Deadlock&) { reported = now(); });
    std::vector<threadwise::Thread> circle;
    for (std::size_t i = 0; i < size; ++i) {
        circle.emplace_back([&, i] {
            const std::scoped_lock own(locks[i]);
            all_hold.wait();
            const auto begins = now();
            for (auto last = closed.load(); last < begins && !closed.compare_exchange_weak(last, begins);) {}
            try {
                const std::scoped_lock next(locks[(i + 1) % size]);
            } catch (const threadwise::DeadlockError&) {  // it was chosen to fail
            }
        });
        circle.back().start();
    }
    for (threadwise::Thread& thread : circle) thread.join();
    threadwise::set_on_deadlock(threadwise::OnDeadlock::report);
    threadwise::set_deadlock_hook(nullptr);
    return std::chrono::duration<double>(bench::Clock::duration(reported.load() - closed.load())).count();
}

/// A thousand threads of this process that wait, while it lives.
class Crowd {
public:
    Crowd() {
        for (int i = 0; i < size; ++i) {
            threads_.emplace_back([this] {
                arrived_.fetch_add(1);
                end_.wait();
            });
            threads_.back().start();
        }
        while (arrived_.load() < size) threadwise::sleep_for(std::chrono::milliseconds(1));
    }
    ~Crowd() {
        end_.set();
        for (threadwise::Thread& thread : threads_) thread.join();
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

private:
    static constexpr int size = 1000;
    threadwise::Event end_;
    std::atomic<int> arrived_{0};
    std::vector<threadwise::Thread> threads_;
};

int run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str());  // NOLINT(concurrency-mt-unsafe): nobody else does
}

double milliseconds_of(const std::string& command) {
    const Crowd crowd;
    const auto start = bench::Clock::now();
    if (run(command) != 0) throw std::runtime_error("failed: " + command);
    return bench::seconds_since(start) * 1e3;
}

std::vector<bench::Subject> dumps() {
    const std::string pid = std::to_string(getpid());
    std::vector<bench::Subject> subjects{
        {"threadwise", [pid] { return std::vector<double>{milliseconds_of(BENCH_COMMAND " dump " + pid)}; }}};
    if (run("command -v gdb") != 0) return subjects;
    // It takes seconds: so once only.
    subjects.push_back({"gdb thread apply all bt", [pid, once = 0.0]() mutable {
                            if (once == 0) once = milliseconds_of("gdb -batch -ex 'thread apply all bt' -p " + pid);
                            return std::vector<double>{once};
                        }});
    return subjects;
}

/// The two ends of a terminal, and a program on it.
class OnTerminal {
public:
    explicit OnTerminal(const std::vector<std::string>& words) {
        const winsize size{50, 160, 0, 0};
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        setenv("TERM", "xterm", 1);  // NOLINT(concurrency-mt-unsafe): nobody else does
        process_ = forkpty(&screen_, nullptr, nullptr, &size);
        if (process_ == -1) throw std::runtime_error("forkpty");
        if (process_ == 0) {
            execvp(arguments.front(), arguments.data());
            _exit(127);
        }
    }
    ~OnTerminal() {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        close(screen_);
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;

    /// Reads what it draws for so long.
    void watch(double seconds) const {
        const auto begin = bench::Clock::now();
        std::array<char, 65536> bytes{};
        while (bench::seconds_since(begin) < seconds) {
            pollfd waited{screen_, POLLIN, 0};
            if (poll(&waited, 1, 50) == 1 && read(screen_, bytes.data(), bytes.size()) <= 0) {
                throw std::runtime_error("it has ended");
            }
        }
    }

    double processor_seconds() const {
        clockid_t clock{};
        timespec time{};
        if (clock_getcpuclockid(process_, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    }

private:
    int screen_ = -1;
    pid_t process_ = -1;
};

bench::Sample processor_share_of(const std::vector<std::string>& words) {
    return [words] {
        constexpr double warm_up = 1;
        constexpr double seconds = 5;
        const Crowd crowd;
        const OnTerminal program(words);
        program.watch(warm_up);
        const double before = program.processor_seconds();
        program.watch(seconds);
        return std::vector<double>{(program.processor_seconds() - before) / seconds * 100};
    };
}

std::vector<bench::Subject> tops() {
    const std::string pid = std::to_string(getpid());
    std::vector<bench::Subject> subjects{
        {"threadwise", processor_share_of({BENCH_COMMAND, "top", pid, "--interval", "0.25"})}};
    if (run("command -v top") == 0) {
        subjects.push_back({"top -H", processor_share_of({"top", "-H", "-d", "0.25", "-p", pid})});
    }
    return subjects;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    {
        const bench::Bystander bystander;
        run.ask({{"wait-noted", "ns"}},
                {{"threadwise:Semaphore", noted(take_turns<bench::SemaphoreBaton<bench::EmptySemaphore>>)},
                 {"threadwise:Lock", noted(take_turns<bench::SemaphoreBaton<bench::HeldLock>>)},
                 {"threadwise:Condition", noted(take_turns<bench::ConditionBaton>)},
                 {"threadwise:Future", noted(call_and_wait)}});
    }
    for (const std::size_t size : {std::size_t{2}, std::size_t{10}, std::size_t{1000}}) {
        run.ask({{"deadlock-delay-" + std::to_string(size), "s"}},
                {{"threadwise", [size] { return std::vector<double>{report_delay(size)}; }}});
    }
    run.ask({{"dump-latency", "ms"}}, dumps());
    run.ask({{"top-cpu", "%"}}, tops());
}
