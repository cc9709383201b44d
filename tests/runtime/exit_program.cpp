// exit_program HOW STATUS [KIND COUNT]: ends while daemons are busy; so many of one kind of busy_daemons.hpp ("all": of
// each), or else in the ways in which threadwise is used. Run by shutdown_test.cpp.

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "busy_daemons.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "threadwise/threading.hpp"

namespace {

using namespace std::chrono_literals;
using threadwise::Thread;

#if defined(__SANITIZE_THREAD__)
constexpr bool under_tsan = true;
#else
constexpr bool under_tsan = false;
#endif

/// Notices who uses it after its destruction.
struct Tripwire {
    std::atomic<bool> intact{true};
    Tripwire() = default;
    Tripwire(const Tripwire&) = delete;
    Tripwire& operator=(const Tripwire&) = delete;
    ~Tripwire() {
        intact = false;
        std::puts("statics destroyed");
        // Time for those who go on.
        for (const auto end = std::chrono::steady_clock::now() + 1ms; std::chrono::steady_clock::now() < end;) {}
    }
    void touch() const {
        if (!intact) _exit(99);
    }
};

Tripwire tripwire;
threadwise::Lock lock;
threadwise::Event ping;
threadwise::Event pong;
threadwise::Semaphore semaphore(1);
threadwise::Local<std::string> local;
std::map<int, int> table;  // guarded by the lock
// Never destroyed: the destructor of a condition variable waits for its waiters.
std::mutex& standard_mutex = *new std::mutex;
std::condition_variable& standard_condition = *new std::condition_variable;
std::atomic<int> busy{0};

template <class Step>
void daemon(Step&& step) {
    Thread thread({.daemon = true}, [step = std::forward<Step>(step)] {
        for (bool first = true;; first = false) {
            tripwire.touch();
            step();
            if (first) ++busy;
        }
    });
    thread.start();
}

void start_daemons() {
    for (int i = 0; i < 2; ++i) {
        daemon([i] {
            const std::lock_guard hold(lock);
            // The thread sanitizer does not see that who is stopped does nothing any more.
            if (!under_tsan) ++table[i];
        });
    }
    daemon([] {
        ping.wait(1ms);
        ping.clear();
        pong.set();
    });
    daemon([] {
        ping.set();
        pong.wait(1ms);
        pong.clear();
    });
    daemon([] { std::string(1000, 'x').append(std::to_string(reinterpret_cast<std::uintptr_t>(&tripwire))); });
    daemon([] { std::fprintf(stderr, "%d %s\n", 1, "noise"); });
    daemon([] { std::fputs("", stdout); });
    daemon([] {});
    daemon([] { std::this_thread::sleep_for(100us); });
    daemon([] {
        try {
            throw std::runtime_error("thrown");
        } catch (const std::exception&) {}
    });
    daemon([] {
        Thread child([] { tripwire.touch(); });
        child.start();
        child.join();
    });
    daemon([] {
        semaphore.acquire();
        semaphore.release();
    });
    daemon([] {
        local->push_back('y');
        local.reset();
    });
    daemon([] {
        std::unique_lock hold(standard_mutex);
        standard_condition.wait_for(hold, 200us);
    });
    daemon([] {
        ++busy;
        int ends[2];
        char byte = 0;
        if (pipe(ends) == 0 && read(ends[0], &byte, 1) < 0) tripwire.touch();
    });
    daemon([] {
        ++busy;
        threadwise::Event never_set;
        never_set.wait();
    });
    while (busy < 16) std::this_thread::yield();
}

/// So many of each kind of that name.
bool start_busy(std::string_view name, int count) {
    int started = 0;
    const auto start = [&](const busy_with::Kind& kind) {
        for (int i = 0; i < count; ++i, ++started) daemon([step = kind.step] { step(busy); });
    };
    for (const busy_with::Kind& kind : busy_with::kinds) {
        if (name == "all" || name == kind.name) start(kind);
    }
    if (name == busy_with::full_pipe.name) start(busy_with::full_pipe);
    while (busy < started) std::this_thread::yield();
    return started != 0;
}

/// The moment from which on the end is timed.
void say_that_it_ends() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    std::printf("ending %lld\n", static_cast<long long>(std::chrono::nanoseconds(now).count()));
}

void end_here(int status) {
    say_that_it_ends();
    std::exit(status);
}

/// A daemon that takes what the destructor of a static object wants.
struct WantsAtTheEnd {
    bool wanted = false;
    threadwise::Lock wanted_lock;
    WantsAtTheEnd() = default;
    WantsAtTheEnd(const WantsAtTheEnd&) = delete;
    WantsAtTheEnd& operator=(const WantsAtTheEnd&) = delete;
    ~WantsAtTheEnd() {
        if (wanted) wanted_lock.acquire();
    }
};
WantsAtTheEnd wants;

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 && argc != 5) return 98;
    const std::string_view how = argv[1];
    const int status = std::atoi(argv[2]);
    // Also where there is no terminal: what was printed must not be lost.
    std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
    std::puts("begin");
    threadwise::runtime::at_shutdown([] { std::puts("second"); });
    threadwise::runtime::at_shutdown([] { std::puts("first"); });

    if (argc == 3) {
        start_daemons();
    } else if (!start_busy(argv[3], std::atoi(argv[4]))) {
        return 98;
    }
    // Not joined here; the process does it.
    static auto& worker = *new Thread({.daemon = false}, [] {
        while (threadwise::main_thread().is_alive()) std::this_thread::yield();
        std::puts("worker done");
    });
    if (how == "return" || how == "wanted") {
        worker.start();
        if (how == "wanted") {
            wants.wanted = true;
            daemon([] {
                wants.wanted_lock.acquire();
                ++busy;
                for (;;) tripwire.touch();
            });
            while (busy < 17) std::this_thread::yield();
        }
        say_that_it_ends();
        return status;
    }
    if (how == "exit") {
        worker.start();
        end_here(status);
    }
    if (how == "daemon") {
        Thread thread({.daemon = true}, end_here, status);
        thread.start();
        threadwise::Event().wait();
    }
    if (how == "thread") {
        // Main waits for the one that ends the process, and returns when that seems to have ended.
        Thread thread({.daemon = false}, end_here, status);
        thread.start();
        thread.join();
        return 97;
    }
    if (how == "twice") {
        // The process's end joins a thread that wants to end it, too.
        static auto& second = *new Thread([] {
            while (threadwise::main_thread().is_alive()) std::this_thread::yield();
            std::exit(96);
        });
        second.start();
        end_here(status);
    }
    if (how == "deaf") {
        Thread thread({.daemon = true}, [] {
            // Past libc, which would leave out the signals that it keeps to itself.
            const std::uint64_t all = ~std::uint64_t{0};
            syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof(all));
            ++busy;
            for (;;) tripwire.touch();
        });
        thread.start();
        while (busy < 17) std::this_thread::yield();
        end_here(status);
    }
    return 95;
}
