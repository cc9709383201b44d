#pragma once
// Daemons that are busy in the system's libraries, in all the ways that were found to make an exit slow.

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "threadwise/threading.hpp"

namespace busy_with {

/// What a daemon does again and again. One that never returns counts itself first.
using Step = void (*)(std::atomic<int>& ready);

inline void use(const void* address) { asm volatile("" : : "r"(address) : "memory"); }

inline void compute(std::atomic<int>&) {
    for (int i = 0; i < 1000; ++i) asm volatile("");
}

inline void allocate(std::atomic<int>&) {
    for (std::size_t size = 16; size < 100000; size *= 3) use(std::make_unique<char[]>(size).get());
}

inline void print(std::atomic<int>&) { std::fprintf(stderr, "%d %s %f\n", 1, "noise", 1.5); }

inline void print_stream(std::atomic<int>&) { std::cerr << "noise " << 1 << ' ' << 1.5 << std::endl; }

inline void format_stream(std::atomic<int>&) {
    std::ostringstream text;
    text << 1.5 << ' ' << 17 << std::hex << 255;
    use(text.str().data());
}

inline void match(std::atomic<int>&) {
    static const std::string text = "the quick brown fox jumps over the lazy dog 12345";
    const std::regex pattern("([a-z]+) ([a-z]+) .*([0-9]+)");
    use(&pattern);
    std::regex_search(text, pattern);
}

inline void throw_and_catch(std::atomic<int>&) {
    try {
        throw std::runtime_error("thrown");
    } catch (const std::exception& error) {
        use(error.what());
    }
}

inline void throw_from_library(std::atomic<int>&) {
    try {
        use(std::string().substr(0).data());
        std::stoi("no number");
    } catch (const std::exception& error) {
        use(error.what());
    }
}

inline void nap(std::atomic<int>&) { usleep(100); }

inline void sleep_long(std::atomic<int>& ready) {
    ++ready;
    std::this_thread::sleep_for(std::chrono::hours(1));
}

inline void write_file(std::atomic<int>&) {
    static std::FILE* const file = std::fopen("/dev/null", "w");
    if (write(fileno(file), "noise", 5) < 0) std::abort();
}

inline void read_pipe(std::atomic<int>& ready) {
    std::array<int, 2> ends{};
    char byte = 0;
    if (pipe(ends.data()) != 0) std::abort();
    ++ready;
    if (read(ends[0], &byte, 1) != 0) std::abort();
}

inline void receive(std::atomic<int>& ready) {
    std::array<int, 2> ends{};
    char byte = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::abort();
    ++ready;
    if (recv(ends[0], &byte, 1, 0) != 0) std::abort();
}

/// All print to the same one.
inline void print_into_full_pipe(std::atomic<int>& ready) {
    static std::FILE* const file = [] {
        std::array<int, 2> ends{};
        return pipe(ends.data()) == 0 ? fdopen(ends[1], "w") : nullptr;
    }();
    ++ready;
    for (;;) std::fprintf(file, "noise that nobody reads\n");
}

inline void read_line(std::atomic<int>& ready) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::abort();
    std::FILE* const file = fdopen(ends[0], "r");
    std::array<char, 16> line{};
    ++ready;
    use(std::fgets(line.data(), line.size(), file));
}

inline void hold_mutex(std::atomic<int>&) {
    static std::mutex mutex;
    const std::lock_guard hold(mutex);
    for (int i = 0; i < 1000; ++i) asm volatile("");
}

inline void wait_condition(std::atomic<int>&) {
    // Never destroyed: the destructor of a condition variable waits for its waiters.
    static auto& mutex = *new std::mutex;
    static auto& condition = *new std::condition_variable;
    std::unique_lock hold(mutex);
    condition.wait_for(hold, std::chrono::microseconds(200));
}

inline void load_library(std::atomic<int>&) {
    if (void* const library = dlopen("libpthread.so.0", RTLD_NOW)) dlclose(library);
    // Most likely not in use by anybody else, so that it is loaded and unloaded each time.
    if (void* const library = dlopen("libBrokenLocale.so.1", RTLD_NOW)) dlclose(library);
}

inline void start_thread(std::atomic<int>&) {
    std::thread([] {}).join();
}

inline void start_program(std::atomic<int>&) {
    const pid_t child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", nullptr);
        _exit(127);
    }
    waitpid(child, nullptr, 0);
}

inline void fork_child(std::atomic<int>&) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
}

inline void open_program(std::atomic<int>&) {
    if (std::FILE* const program = popen("true", "r")) pclose(program);
}

inline void block_and_unblock(std::atomic<int>&) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

inline void block_for_good(std::atomic<int>&) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    for (int i = 0; i < 1000; ++i) asm volatile("");
}

/// Sorts by a function that allocates: code of the program, called by libc.
inline void sort_with_callback(std::atomic<int>&) {
    std::array<int, 64> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 37 % 64);
    std::qsort(numbers.data(), numbers.size(), sizeof(int), [](const void* left, const void* right) {
        use(std::make_unique<char[]>(100).get());
        return *static_cast<const int*>(left) - *static_cast<const int*>(right);
    });
}

/// A handler of the program's that interrupts the allocator.
inline void handle_signals(std::atomic<int>& ready) {
    [[maybe_unused]] static const bool handled = signal(SIGUSR1, [](int) {
                                                     for (int i = 0; i < 20000; ++i) asm volatile("");
                                                 }) != SIG_ERR;
    if (syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1) != 0) std::abort();
    allocate(ready);
}

/// Machine code that no loaded object holds, right at the start of a page, after one that cannot be read; it calls what
/// it is given, or only goes round.
inline void run_generated(void (*call)()) {
#if defined(__x86_64__)
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* const pages = mmap(nullptr, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto* const code = static_cast<unsigned char*>(pages) + page;
    mprotect(code, page, PROT_READ | PROT_WRITE);
    const std::array<unsigned char, 2> forever{0xEB, 0xFE};                    // jmp .
    const std::array<unsigned char, 7> calling{0x50, 0xFF, 0xD3, 0xEB, 0xFC};  // push rax; again: call rbx; jmp again
    if (call == nullptr) {
        std::memcpy(code, forever.data(), forever.size());
    } else {
        std::memcpy(code, calling.data(), calling.size());
    }
    mprotect(code, page, PROT_READ | PROT_EXEC);
    asm volatile("mov %1, %%rbx; call *%0" : : "r"(code), "r"(call) : "rbx", "memory");
#else
    for (;;) call == nullptr ? static_cast<void>(use(&call)) : call();
#endif
}

inline void loop_in_generated(std::atomic<int>& ready) {
    ++ready;
    run_generated(nullptr);
}

inline void sleep_in_generated(std::atomic<int>& ready) {
    ++ready;
    run_generated([] { usleep(100); });
}

struct Kind {
    std::string_view name;
    Step step;
};

/// The streams of those that are busy with that cannot be written out when the process ends.
inline constexpr Kind full_pipe{"full_pipe", print_into_full_pipe};

inline constexpr std::array kinds {
    Kind{"compute", compute}, Kind{"malloc", allocate}, Kind{"fprintf", print}, Kind{"cerr", print_stream},
        Kind{"ostringstream", format_stream}, Kind{"regex", match}, Kind{"throw", throw_and_catch},
        Kind{"throw_from_library", throw_from_library}, Kind{"usleep", nap}, Kind{"sleep", sleep_long},
        Kind{"write", write_file}, Kind{"read", read_pipe}, Kind{"recv", receive}, Kind{"fgets", read_line},
        Kind{"mutex", hold_mutex}, Kind{"condition", wait_condition}, Kind{"dlopen", load_library},
        Kind{"thread", start_thread}, Kind{"vfork", start_program},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        Kind{"fork", fork_child},  // the sanitizers' allocators are not fit for a fork beside other threads
#endif
        Kind{"popen", open_program}, Kind{"block_signals", block_and_unblock}, Kind{"signals_blocked", block_for_good},
        Kind{"qsort", sort_with_callback}, Kind{"signal_handler", handle_signals}, Kind{"generated", loop_in_generated},
        Kind{"generated_calls", sleep_in_generated},
};

}  // namespace busy_with
