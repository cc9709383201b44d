// exit_program HOW STATUS [KIND COUNT]: ends in the way HOW (see main()) with that status, while daemons are busy:
// COUNT of one kind of busy_daemons.hpp, or of each if KIND is "all"; without KIND, one or two for each way of using
// threadwise. Run by shutdown_test.cpp.

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

/// A static object that ends the process with status 99 if a thread uses it after its destruction.
struct Tripwire {
    std::atomic<bool> intact{true};
    Tripwire() = default;
    Tripwire(const Tripwire&) = delete;
    Tripwire& operator=(const Tripwire&) = delete;
    ~Tripwire() {
        intact = false;
        std::puts("statics destroyed");
        // Time for threads that were not stopped to touch it.
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
            // The thread sanitizer does not know that a stopped thread accesses nothing any more.
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

/// Starts `count` daemons of the kind of that name, or of each kind for "all". False if there is no such kind.
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

/// Prints the time from which on the exit is measured.
void say_that_it_ends() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    std::printf("ending %lld\n", static_cast<long long>(std::chrono::nanoseconds(now).count()));
}

void end_here(int status) {
    say_that_it_ends();
    std::exit(status);
}

/// A static object whose destructor acquires a lock that a daemon holds, if `wanted` is set.
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
    // Fully buffered, so that the exit has to write out what was printed.
    std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
    std::puts("begin");
    threadwise::runtime::at_shutdown([] { std::puts("second"); });
    threadwise::runtime::at_shutdown([] { std::puts("first"); });

    if (argc == 3) {
        start_daemons();
    } else if (!start_busy(argv[3], std::atoi(argv[4]))) {
        return 98;
    }
    // Not joined here: the end of the process joins it.
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
        // The main thread joins the thread that ends the process. It must not return before the process has ended.
        Thread thread({.daemon = false}, end_here, status);
        thread.start();
        thread.join();
        return 97;
    }
    if (how == "twice") {
        // The end of the process joins a thread that calls exit(), too.
        static auto& second = *new Thread([] {
            while (threadwise::main_thread().is_alive()) std::this_thread::yield();
            std::exit(96);
        });
        second.start();
        end_here(status);
    }
    if (how == "deaf") {
        Thread thread({.daemon = true}, [] {
            // By a system call, as libc's function would not block the signals that libc reserves for itself.
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
