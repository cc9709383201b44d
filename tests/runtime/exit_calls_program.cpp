// exit_calls_program HOW STATUS: calls exit() in unusual places, and ends with the status of the first exit(). Prints
// "wrong" where a thread goes on that ought to be held. Run by exit_calls_test.cpp.

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "runtime/lifetime/shutdown.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/threading.hpp"

namespace {

using threadwise::Thread;

int status = 0;
constexpr int later_status = 96;

void wrong() {
    std::puts("wrong");
    std::fflush(stdout);
}

std::atomic<bool> ending{false};

/// Once the main thread's exit() has begun.
void exit_later() {
    while (!ending) std::this_thread::yield();
    std::exit(later_status);
}

/// Never destroyed: nobody waits for it but the end of the process.
template <class Body>
Thread& start(bool daemon, Body body) {
    auto& thread = *new Thread({.daemon = daemon}, body);
    thread.start();
    return thread;
}

threadwise::ThreadPoolExecutor& static_pool() {
    static threadwise::ThreadPoolExecutor pool(2);
    return pool;
}

struct ExitsInDestructor {
    bool armed = false;
    ExitsInDestructor() = default;
    ExitsInDestructor(const ExitsInDestructor&) = delete;
    ExitsInDestructor& operator=(const ExitsInDestructor&) = delete;
    ~ExitsInDestructor() {
        if (armed) std::exit(later_status);
    }
};
ExitsInDestructor exits_in_destructor;

struct ExitsWithThread {
    ExitsWithThread() = default;
    ExitsWithThread(const ExitsWithThread&) = delete;
    ExitsWithThread& operator=(const ExitsWithThread&) = delete;
    ~ExitsWithThread() { std::exit(status); }
    void touch() {}
};

// A pool's task, after main has returned.
int pool_task() {
    static_pool().fire_and_forget(exit_later);
    return status;
}

int default_pool_task() {
    threadwise::default_executor().fire_and_forget(exit_later);
    return status;
}

int hook() {
    threadwise::set_excepthook([](const threadwise::ExceptHookArgs&) { exit_later(); });
    static_pool().fire_and_forget([] { throw std::runtime_error("thrown"); });
    return status;
}

int thread_hook() {
    threadwise::set_excepthook([](const threadwise::ExceptHookArgs&) { exit_later(); });
    start(false, [] { throw std::runtime_error("thrown"); });
    return status;
}

int awaited_by_thread() {
    auto future = std::make_shared<threadwise::Future<void>>(static_pool().submit(exit_later));
    start(false, [future] {
        future->result();
        wrong();
    });
    return status;
}

// exit() by another thread while main does this or that.
int main_submits() {
    static_pool().fire_and_forget([] { std::exit(status); });
    for (;;) static_pool().submit([] {}).result();
}

/// A pool's call waits for another thread to do something after its submit() was refused; the thread is a daemon or the
/// main one.
struct Refused {
    threadwise::ThreadPoolExecutor pool{1};
    threadwise::Event after;

    void submit_until_refused() {
        try {
            for (;;) pool.submit([] {});
        } catch (const threadwise::RuntimeError&) {
            after.set();
        }
    }
};

Refused& refused_while_call_waits() {
    static auto& refused = *new Refused;
    static threadwise::Event waits;
    refused.pool.fire_and_forget([] {
        waits.set();
        refused.after.wait();
    });
    waits.wait();
    return refused;
}

int daemon_submits_for_call() {
    Refused& refused = refused_while_call_waits();
    start(true, [&refused] { refused.submit_until_refused(); });
    return status;
}

int main_submits_for_call() {
    Refused& refused = refused_while_call_waits();
    start(true, [] { std::exit(status); });
    refused.submit_until_refused();
    wrong();
    return later_status;
}

int main_waits_for_pool() {
    threadwise::ThreadPoolExecutor pool(1);
    pool.fire_and_forget([] { std::exit(status); });
    return later_status;
}

int main_waits_for_future() {
    static_pool().submit([] { std::exit(status); }).result();
    wrong();
    return later_status;
}

int main_waits_for_group() {
    threadwise::TaskGroup group(static_pool());
    group.run([] { std::exit(status); });
    group.wait();
    wrong();
    return later_status;
}

int main_starts_threads() {
    start(true, [] { std::exit(status); });
    for (;;) {
        Thread thread([] {});
        thread.start();
        thread.join();
    }
}

int main_joins() {
    start(false, [] { std::exit(status); }).join();
    wrong();
    return later_status;
}

int main_joins_for_a_time() {
    Thread& thread = start(false, [] { std::exit(status); });
    while (!thread.join(std::chrono::milliseconds(1))) {}
    wrong();
    return later_status;
}

int main_destroys() {
    {
        Thread thread([] { std::exit(status); });
        thread.start();
    }
    wrong();
    return later_status;
}

int main_joins_foreign() {
    std::thread([] { std::exit(status); }).join();
    wrong();
    return later_status;
}

int thread_joins() {
    Thread& exiting = start(true, [] {
        threadwise::sleep_for(std::chrono::milliseconds(1));
        std::exit(status);
    });
    Thread& joiner = start(false, [&exiting] {
        exiting.join();
        wrong();
    });
    joiner.join();
    wrong();
    return later_status;
}

int thread_waits_for_future() {
    auto future = std::make_shared<threadwise::Future<void>>(static_pool().submit([] {
        threadwise::sleep_for(std::chrono::milliseconds(1));
        std::exit(status);
    }));
    start(false, [future] {
        future->result();
        wrong();
    });
    threadwise::Event().wait();
    return later_status;
}

int thread_waits_at_barrier() {
    static threadwise::Barrier barrier(2);
    start(false, [] {
        barrier.wait();
        wrong();
    });
    start(true, [] { std::exit(status); });
    threadwise::Event().wait();
    return later_status;
}

int thread_waits_for_lock() {
    static threadwise::RLock lock;
    static threadwise::Event taken;
    start(true, [] {
        lock.acquire();
        taken.set();
        std::exit(status);
    });
    taken.wait();
    start(false, [] {
        lock.acquire();
        wrong();
    });
    threadwise::Event().wait();
    return later_status;
}

int with_interpreter_lock() {
    static threadwise::InterpreterLock lock;
    static std::atomic<bool> done{false};
    start(true, [] {
        const std::lock_guard hold(lock);
        start(false, [] {
            const std::lock_guard inner_hold(lock);
            done = true;
        });
        std::exit(status);
    });
    std::atexit([] {
        if (!done) wrong();
    });
    threadwise::Event().wait();
    return later_status;
}

// exit() within what exit() calls.
int in_function() {
    threadwise::runtime::at_shutdown([] { std::puts("second"); });
    threadwise::runtime::at_shutdown([] { std::exit(later_status); });
    return status;
}

// A function that ends its thread: the end goes on.
int end_in_function(void (*end_thread)()) {
    static bool done = false;
    std::atexit([] {
        if (!done) wrong();
    });
    threadwise::runtime::at_shutdown([] { done = true; });
    threadwise::runtime::at_shutdown([end_thread] {
        end_thread();
        wrong();
    });
    return status;
}

int unwound_in_function() {
    return end_in_function([] { pthread_exit(nullptr); });
}

int cancelled_in_function() {
    return end_in_function([] {
        pthread_cancel(pthread_self());
        pthread_testcancel();
    });
}

bool accepts(threadwise::ThreadPoolExecutor& pool) {
    try {
        pool.submit([] {}).result();
        return true;
    } catch (const threadwise::RuntimeError&) {
        return false;
    }
}

/// In a task of one pool, once the process has begun to end; with another pool that is shut down after that one.
int while_pools_end(void (*what)(threadwise::ThreadPoolExecutor& other)) {
    static threadwise::ThreadPoolExecutor pool(1);
    static threadwise::ThreadPoolExecutor other(1);
    other.submit([] {}).result();
    pool.fire_and_forget([what] {
        while (!ending) std::this_thread::yield();
        what(other);
    });
    return status;
}

// No pool waits for another one's tasks before it refuses calls.
int pools_close_first() {
    return while_pools_end([](threadwise::ThreadPoolExecutor& other) {
        while (accepts(other)) {}
    });
}

// An interrupt of the wait for one pool leaves no other one open.
int interrupted_while_pools_end() {
    return while_pools_end([](threadwise::ThreadPoolExecutor& other) {
        while (accepts(other)) {}
        for (int i = 0; i < 20; ++i) {
            threadwise::interrupt_main();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
}

// A pool that is made while the process ends refuses calls, rather than that its threads are waited for.
int pool_made_at_the_end() {
    start(false, [] {
        while (!ending) std::this_thread::yield();
        for (bool accepted = true; accepted;) {
            threadwise::ThreadPoolExecutor pool(1);
            accepted = accepts(pool);
        }
        auto& late = *new threadwise::ThreadPoolExecutor(1);
        if (accepts(late)) wrong();
    });
    return status;
}

// The child of a process that ends has pools of its own, which end with it.
int in_child_of_pool_task() {
    return while_pools_end([](threadwise::ThreadPoolExecutor& other) {
        while (accepts(other)) {}
        const pid_t child = fork();
        if (child == 0) {
            if (!accepts(*new threadwise::ThreadPoolExecutor(1))) std::exit(6);
            std::exit(5);
        }
        int how = 0;
        waitpid(child, &how, 0);
        if (!WIFEXITED(how) || WEXITSTATUS(how) != 5) wrong();
    });
}

int in_atexit() {
    std::atexit([] { std::exit(later_status); });
    return status;
}

int in_destructor() {
    exits_in_destructor.armed = true;
    return status;
}

int in_thread_local() {
    start(true, [] {
        static thread_local ExitsWithThread exits;
        exits.touch();
    });
    threadwise::Event().wait();
    return later_status;
}

// Several at once.
int all_at_once() {
    for (int i = 0; i < 8; ++i) start(i % 2 == 0, [] { std::exit(status); });
    return status;
}

int in_forked_child() {
    Thread& forker = start(false, [] {
        start(true, [] {
            for (;;) std::this_thread::yield();
        });
        const pid_t child = fork();
        if (child == 0) std::exit(5);
        int how = 0;
        waitpid(child, &how, 0);
        if (!WIFEXITED(how) || WEXITSTATUS(how) != 5) wrong();
    });
    forker.join();
    return status;
}

int while_threads_start() {
    for (int i = 0; i < 4; ++i) {
        start(true, [] {
            for (;;) start(true, [] {}).join();
        });
    }
    return status;
}

struct Way {
    std::string_view name;
    int (*run)();
};

constexpr std::array ways{
#define WAY(name) Way{#name, name}
    WAY(pool_task),
    WAY(default_pool_task),
    WAY(hook),
    WAY(thread_hook),
    WAY(awaited_by_thread),
    WAY(main_submits),
    WAY(daemon_submits_for_call),
    WAY(main_submits_for_call),
    WAY(main_waits_for_pool),
    WAY(main_waits_for_future),
    WAY(main_waits_for_group),
    WAY(main_starts_threads),
    WAY(main_joins),
    WAY(main_joins_for_a_time),
    WAY(main_destroys),
    WAY(main_joins_foreign),
    WAY(thread_joins),
    WAY(thread_waits_for_future),
    WAY(thread_waits_at_barrier),
    WAY(thread_waits_for_lock),
    WAY(with_interpreter_lock),
    WAY(in_function),
    WAY(unwound_in_function),
    WAY(cancelled_in_function),
    WAY(pools_close_first),
    WAY(interrupted_while_pools_end),
    WAY(pool_made_at_the_end),
    WAY(in_child_of_pool_task),
    WAY(in_atexit),
    WAY(in_destructor),
    WAY(in_thread_local),
    WAY(all_at_once),
    WAY(in_forked_child),
    WAY(while_threads_start),
#undef WAY
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 98;
    status = std::atoi(argv[2]);
    // Pools first: what they register for the end is run after this.
    static_pool();
    threadwise::default_executor();
    threadwise::runtime::at_shutdown([] { ending = true; });
    for (const Way& way : ways) {
        if (way.name == argv[1]) return way.run();
    }
    return 98;
}
