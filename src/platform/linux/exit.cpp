#include "platform/exit.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>

#include "platform/clock.hpp"
#include "platform/futex.hpp"
#include "platform/native_thread.hpp"

// Part of the C++ ABI; a thread_local object would do the same, but it would be seen by the recycler as left behind.
extern "C" int __cxa_thread_atexit(void (*run)(void*), void* object, void* shared_object);  // NOLINT
extern "C" void* __dso_handle;                                                              // NOLINT

namespace threadwise::platform {

void at_thread_locals_end(void (*run)()) {
    auto call = [](void* function) { reinterpret_cast<void (*)()>(function)(); };
    if (__cxa_thread_atexit(call, reinterpret_cast<void*>(run), &__dso_handle) != 0) throw std::bad_alloc();
}

void at_exit(void (*run)(int status)) noexcept {
    on_exit([](int status, void* function) { reinterpret_cast<void (*)(int)>(function)(status); },
            reinterpret_cast<void*>(run));
}

namespace {

/// The state of the thread that writes out the streams. It is a thread of its own, which end_process() does not wait
/// for without limit, as a thread that was stopped for good may hold a stream's lock.
enum Flusher : std::uint32_t { missing, waits_for_order, ordered, has_flushed_stdout, finished };
constinit std::atomic<std::uint32_t> flusher{missing};

/// If the lock of stdout is not free within 20 ms, its holder was stopped for good: then writes out without it, as libc
/// does when it exits.
void flush_standard_output() noexcept {
    constexpr int tries = 20;
    for (int i = 0; i < tries; ++i) {
        if (ftrylockfile(stdout) == 0) {
            std::cout.flush();
            std::clog.flush();
            std::fflush(stdout);
            funlockfile(stdout);
            return;
        }
        usleep(1000);
    }
    fflush_unlocked(stdout);
}

void flush_when_ordered(void* /*unused*/) {
    while (flusher.load() == waits_for_order) futex_wait(flusher, waits_for_order, never);
    flush_standard_output();
    flusher.store(has_flushed_stdout);
    futex_wake(&flusher, 1);
    std::fflush(nullptr);
    flusher.store(finished);
    futex_wake(&flusher, 1);
}

}  // namespace

void prepare_to_end_process() noexcept {
    std::uint32_t expected = missing;
    if (!flusher.compare_exchange_strong(expected, waits_for_order)) return;
    if (!start_native_thread(flush_when_ordered, nullptr, 0)) flusher.store(missing);
}

void end_process(int status) noexcept {
    constexpr std::chrono::milliseconds longest_for_stdout{250};
    constexpr std::chrono::milliseconds longest_for_others{100};
    const auto await_change = [](std::uint32_t from, Instant deadline) {
        while (flusher.load() == from && now() < deadline) futex_wait(flusher, from, deadline);
    };
    prepare_to_end_process();
    std::uint32_t expected = waits_for_order;
    flusher.compare_exchange_strong(expected, ordered);
    futex_wake(&flusher, 1);
    await_change(ordered, now() + longest_for_stdout);
    await_change(has_flushed_stdout, now() + longest_for_others);
    // The system call itself: the sanitizers' exit_group() takes locks of theirs, which stopped threads may hold.
    for (;;) syscall(SYS_exit_group, status);
}

void sleep_for_good() noexcept {
    sigset_t all{};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    static constinit std::atomic<std::uint32_t> never_changes{0};
    for (;;) futex_wait(never_changes, 0, never);
}

}  // namespace threadwise::platform
