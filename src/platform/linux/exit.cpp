#include "platform/exit.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <new>
#include <string_view>

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

constinit std::atomic<std::uint32_t> flushed{0};

void flush(void* /*unused*/) {
    std::cout.flush();
    std::clog.flush();
    std::fflush(nullptr);
    flushed.store(1);
    futex_wake(&flushed, 1);
}

}  // namespace

void end_process(int status) noexcept {
    // By another thread: one that was stopped for good may hold a stream's lock.
    constexpr std::chrono::seconds patience{1};
    const Instant deadline = now() + patience;
    if (start_native_thread(flush, nullptr, 0)) {
        while (flushed.load() == 0 && now() < deadline) futex_wait(flushed, 0, deadline);
    }
    _exit(status);
}

void sleep_for_good() noexcept {
    sigset_t all{};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    static constinit std::atomic<std::uint32_t> never_changes{0};
    for (;;) futex_wait(never_changes, 0, never);
}

std::uint64_t wait_for_threads(std::uint64_t native_id) noexcept {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/task/%llu/syscall", static_cast<unsigned long long>(native_id));
    const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    std::array<char, 256> line{};
    const ssize_t length = read(file, line.data(), line.size());
    close(file);
    // "NUMBER ARGUMENTS... STACK_POINTER PROGRAM_COUNTER", or "running"
    long number = -1;
    if (length <= 0) return 0;
    std::from_chars(line.data(), line.data() + length, number);
    if (number != SYS_futex) return 0;
    return std::hash<std::string_view>()({line.data(), static_cast<std::size_t>(length)}) | 1;
}

}  // namespace threadwise::platform
