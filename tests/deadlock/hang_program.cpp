// hang_program WAY: hangs in one way, and prints what is reported of it, or "nothing" when that takes too long; see
// hang_test.cpp, which has the table.

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/deadlock/detector.hpp"
#include "runtime/deadlock/watch.hpp"
#include "support/sleepers.hpp"
#include "threadwise/deadlock_hook.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace {

using namespace std::chrono_literals;
using namespace threadwise;

/// In one piece, from any thread and from a signal handler.
void print(std::string_view text) { static_cast<void>(!write(STDOUT_FILENO, text.data(), text.size())); }

[[noreturn]] void finish(std::string_view text) {
    print(text);
    _exit(0);
}

/// "certain 2: RLock, Thread.join"
std::string summary(const Deadlock& deadlock) {
    std::string text = (deadlock.certain ? "certain " : "suspected ") + std::to_string(deadlock.threads.size()) + ":";
    std::multimap<std::string, int> kinds;
    for (const DeadlockedThread& thread : deadlock.threads) kinds.emplace(thread.waits_for, 0);
    for (const auto& [kind, unused] : kinds) text += " " + kind + ",";
    text.back() = '\n';
    return text;
}

/// Never destroyed: nobody waits for it but the end of the process.
template <class Body>
Thread& start(Body body, bool daemon = true) {
    auto& thread = *new Thread({.daemon = daemon}, body);
    thread.start();
    return thread;
}

/// For `count` threads that are not to go on before all have come.
class Meeting {
public:
    explicit Meeting(int count) : left_(count) {}
    void come() {
        left_.fetch_sub(1);
        while (left_.load() > 0) sleep_for(1ms);
    }

private:
    std::atomic<int> left_;
};

/// A thread that was notified takes its lock again, which the notifier has, and that one wants a lock of the thread.
void hang_when_notified(Timeout timeout) {
    static RLock mutex;
    static RLock held;
    static Condition condition(mutex);
    static std::atomic<bool> waits{false};
    start([timeout] {
        held.lock();
        mutex.lock();
        waits = true;
        condition.wait(timeout);
    });
    start([] {
        while (!waits) sleep_for(1ms);
        testing::wait_for_asleep(&condition, 1);  // rather than spinning: both hang, but in different waits
        mutex.lock();
        condition.notify();
        held.lock();
    });
}

/// Each thread takes one of the ring, and then wants the next one.
template <class Mutex>
void ring(std::size_t size) {
    auto& locks = *new std::vector<Mutex>(size);
    auto& meeting = *new Meeting(static_cast<int>(size));
    for (std::size_t i = 0; i < size; ++i) {
        start([&locks, &meeting, i, size] {
            locks[i].lock();
            meeting.come();
            locks[(i + 1) % size].lock();
        });
    }
}

/// One thread takes `a` and then wants `b`, another the other way round.
void cross(std::function<void()> take_a, std::function<void()> want_b, std::function<void()> take_b,
           std::function<void()> want_a) {
    auto& meeting = *new Meeting(2);
    start([&meeting, take_a = std::move(take_a), want_b = std::move(want_b)] {
        take_a();
        meeting.come();
        want_b();
    });
    start([&meeting, take_b = std::move(take_b), want_a = std::move(want_a)] {
        take_b();
        meeting.come();
        want_a();
    });
}

template <class A, class B>
void cross_locks() {
    auto& a = *new A;
    auto& b = *new B;
    cross([&] { a.lock(); }, [&] { b.lock(); }, [&] { b.lock(); }, [&] { a.lock(); });
}

/// Until somebody has looked twice, so that one look at least has found what there is.
void refuse_threads_for_a_look() {
    constexpr uid_t nobody = 65534;  // root is not limited
    if (geteuid() == 0 && setuid(nobody) != 0) finish("cannot become nobody\n");
    rlimit limit{};
    getrlimit(RLIMIT_NPROC, &limit);
    const rlim_t usual = std::exchange(limit.rlim_cur, 0);
    setrlimit(RLIMIT_NPROC, &limit);
    const std::uint64_t looks = runtime::look_count();
    while (runtime::look_count() < looks + 2) sleep_for(1ms);
    limit.rlim_cur = usual;
    setrlimit(RLIMIT_NPROC, &limit);
}

/// For nothing that will ever come.
void stay() {
    for (;;) sleep_for(1h);
}

using Way = void (*)();

const std::map<std::string_view, Way>& ways() {
    static const std::map<std::string_view, Way> all = {
        {"two_rlocks", [] { ring<RLock>(2); }},
        {"three_rlocks", [] { ring<RLock>(3); }},
        {"hundred_rlocks", [] { ring<RLock>(100); }},
        {"two_locks", [] { ring<Lock>(2); }},
        {"three_locks", [] { ring<Lock>(3); }},
        {"lock_and_rlock", [] { cross_locks<Lock, RLock>(); }},
        {"lock_twice",
         [] {
             static Lock lock;
             lock.lock();
             lock.lock();
         }},
        {"two_writers", [] { ring<SharedLock>(2); }},
        {"two_readers_that_write",
         [] {
             static SharedLock a;
             static SharedLock b;
             cross([] { a.lock_shared(); }, [] { b.lock(); }, [] { b.lock_shared(); }, [] { a.lock(); });
         }},
        {"reader_and_writer",
         [] {
             static SharedLock shared;
             static RLock lock;
             cross([] { shared.lock(); }, [] { lock.lock(); }, [] { lock.lock(); }, [] { shared.lock_shared(); });
         }},
        {"shared_lock_twice",
         [] {
             static SharedLock shared;
             shared.lock();
             try {
                 shared.lock();
             } catch (const RuntimeError&) {
                 finish("refused\n");
             }
         }},
        {"two_joins",
         [] {
             static std::atomic<Thread*> first{nullptr};
             static std::atomic<Thread*> second{nullptr};
             const auto join = [](std::atomic<Thread*>& other) {
                 while (other.load() == nullptr) sleep_for(1ms);
                 other.load()->join();
             };
             first = &start([join] { join(second); });
             second = &start([join] { join(first); });
         }},
        {"join_with_lock",
         [] {
             static RLock lock;
             lock.lock();
             start([] { lock.lock(); }).join();
         }},
        {"join_itself",
         [] {
             try {
                 current_thread().join();
             } catch (const RuntimeError&) {
                 finish("refused\n");
             }
         }},
        {"future_with_lock",
         [] {
             static RLock lock;
             lock.lock();
             default_executor().submit([] { lock.lock(); }).result();
         }},
        {"two_futures",
         [] {
             static ThreadPoolExecutor a(1);
             static ThreadPoolExecutor b(1);
             static Event begin;
             static Future<void> first;
             static Future<void> second;
             first = a.submit([] {
                 begin.wait();
                 second.result();
             });
             second = b.submit([] {
                 begin.wait();
                 first.result();
             });
             begin.set();
         }},
        {"future_of_itself",
         [] {
             static Event begin;
             static Future<void> future;
             future = default_executor().submit([] {
                 begin.wait();
                 future.result();
             });
             begin.set();
         }},
        {"future_that_anybody_sets",
         [] {
             static RLock lock;
             static Future<int> future = Future<int>::create();
             lock.lock();
             start([] {
                 future.set_running_or_notify_cancel();
                 lock.lock();
                 future.set_result(1);
             });
             future.result();
         }},
        {"shutdown_with_lock",
         [] {
             static RLock lock;
             static ThreadPoolExecutor pool(1);
             static Event begun;
             lock.lock();
             pool.fire_and_forget([] {
                 begun.set();
                 lock.lock();
             });
             begun.wait();
             pool.shutdown();
         }},
        {"group_with_lock",
         [] {
             static RLock lock;
             static Event begun;
             lock.lock();
             TaskGroup group(default_executor());
             group.run([] {
                 begun.set();
                 lock.lock();
             });
             begun.wait();
             group.wait();
         }},
        {"two_onces",
         [] {
             static Once a;
             static Once b;
             static Meeting meeting(2);
             start([] {
                 call_once(a, [] {
                     meeting.come();
                     call_once(b, [] {});
                 });
             });
             start([] {
                 call_once(b, [] {
                     meeting.come();
                     call_once(a, [] {});
                 });
             });
         }},
        {"once_with_lock",
         [] {
             static Once once;
             static RLock lock;
             static Meeting meeting(2);
             start([] {
                 lock.lock();
                 meeting.come();
                 call_once(once, [] {});
             });
             start([] {
                 call_once(once, [] {
                     meeting.come();
                     lock.lock();
                 });
             });
         }},
        {"once_within_itself",
         [] {
             static Once once;
             try {
                 call_once(once, [] { call_once(once, [] {}); });
             } catch (const RuntimeError&) {
                 finish("refused\n");
             }
         }},
        {"notified_condition", [] { hang_when_notified({}); }},
        {"notified_condition_with_timeout", [] { hang_when_notified(1h); }},
        {"condition_with_outer_lock",  // the notifier waits for a lock that the waiter holds: for a Condition, nobody
         [] {
             static RLock held;
             static Condition condition;
             static std::atomic<bool> waits{false};
             start([] {
                 held.lock();
                 condition.acquire();
                 waits = true;
                 condition.wait();
             });
             start([] {
                 while (!waits) sleep_for(1ms);
                 held.lock();
             });
         }},
        {"bounded_queue_with_lock",
         [] {
             static RLock lock;
             static Queue<int> queue(1);
             static std::atomic<bool> puts{false};
             queue.put(1);
             start([] {
                 lock.lock();
                 puts = true;
                 queue.put(2);
             });
             while (!puts) sleep_for(1ms);
             start([] {
                 lock.lock();
                 queue.get();
             });
         }},
        {"with_timeout",  // ends
         [] {
             static RLock a;
             static RLock b;
             cross([] { a.lock(); }, [] { b.acquire(true, 1h); }, [] { b.lock(); }, [] { a.lock(); });
         }},
        {"with_stop_token",
         [] {
             static RLock a;
             static RLock b;
             static std::stop_source stop;
             cross([] { a.lock(); }, [] { b.acquire(stop.get_token()); }, [] { b.lock(); }, [] { a.lock(); });
         }},
        {"lock_as_signal",  // released by another thread, again and again
         [] {
             static Lock signal;
             signal.lock();
             start([] {
                 for (;;) {
                     sleep_for(1ms);
                     try {
                         signal.unlock();
                     } catch (const RuntimeError&) {  // was not taken in time
                     }
                 }
             });
             for (int i = 0; i < 10; ++i) signal.acquire(true, 1h);  // until it is known to be a signal
             for (;;) signal.lock();
         }},
        {"interpreter_lock_with_lock",  // does not hang: the holder hands the InterpreterLock back at its wait
         [] {
             static InterpreterLock interpreter;
             static RLock lock;
             static Meeting meeting(2);
             Thread& first = start([] {
                 lock.lock();
                 meeting.come();
                 interpreter.acquire();
                 interpreter.release();
                 lock.unlock();
             });
             interpreter.acquire();
             {
                 const auto away = interpreter.allow_threads();
                 meeting.come();
             }
             lock.lock();
             lock.unlock();
             interpreter.release();
             first.join();
             finish("goes on\n");
         }},
        {"joined_by_others",  // who waits for the deadlocked, and is no part of it
         [] {
             ring<RLock>(2);
             static RLock unused;
             static Thread& waiter = start([] {
                 unused.lock();
                 stay();
             });
             start([] { waiter.join(); });
         }},
        {"at_exit", [] { std::exit((start([] { sleep_for(50ms); }, false), ring<RLock>(2), 0)); }},
        {"in_forked_child",
         [] {
             sleep_for(1ms);
             const pid_t child = fork();
             if (child == 0) return ring<RLock>(2);
             int status = 0;
             waitpid(child, &status, 0);
             _exit(WEXITSTATUS(status));
         }},
        {"until_threads_can_be_started",
         [] {
             ring<RLock>(2);
             refuse_threads_for_a_look();
         }},
        {"across_pools",
         [] {
             static ThreadPoolExecutor a(1);
             static ThreadPoolExecutor b(1);
             static RLock first;
             static RLock second;
             static Meeting meeting(2);
             a.fire_and_forget([] {
                 first.lock();
                 meeting.come();
                 second.lock();
             });
             b.fire_and_forget([] {
                 second.lock();
                 meeting.come();
                 first.lock();
             });
         }},
        {"through_future_lock_and_join",
         [] {
             static RLock lock;
             static Thread* joiner = nullptr;
             static Event begun;
             static Future<void> future;
             lock.lock();
             future = default_executor().submit([] {
                 begun.wait();
                 joiner->join();
             });
             joiner = &start([] { lock.lock(); });
             begun.set();
             future.result();
         }},
    };
    return all;
}

void stop_waiting(int /*signal*/) { finish("nothing\n"); }

void end_after(std::chrono::milliseconds time) {
    static_cast<void>(std::signal(SIGALRM, stop_waiting));
    const itimerval timer{.it_interval = {},
                          .it_value = {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
    const auto way = argc > 1 ? ways().find(argv[1]) : ways().end();
    if (way == ways().end()) {
        for (const auto& [name, body] : ways()) std::puts(std::string(name).c_str());
        return 2;
    }
    runtime::first_look_after = std::chrono::nanoseconds(20ms).count();
    set_deadlock_hook([](const Deadlock& deadlock) { finish(summary(deadlock)); });
    if (argc > 2) end_after(std::chrono::milliseconds(std::atoi(argv[2])));
    way->second();
    stay();
}
