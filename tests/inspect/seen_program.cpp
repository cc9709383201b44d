// A process whose threads others look at. Its argument says what it does; it says a line when that is so, and stays.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "runtime/records/card.hpp"
#include "support/sleepers.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"
#include "threadwise/threading.hpp"

#if defined(__SANITIZE_THREAD__)
// The children start threads, and each has but one at first.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

namespace threadwise {
namespace {

using namespace std::chrono_literals;

[[noreturn]] void stay(const std::string& line = "ready") {
    std::cout << line << std::endl;
    for (;;) ::pause();
}

void await_line() {
    std::string line;
    std::getline(std::cin, line);
}

Thread start_daemon(const std::string& name, auto call) {
    Thread thread({.name = name, .daemon = true}, std::move(call));
    thread.start();
    return thread;
}

/// A lock that the main thread holds, and a thread that waits for it; one that joins that; one that sleeps.
void wait() {
    Lock lock;
    lock.acquire();
    Thread waiter = start_daemon("waiter", [&] { lock.acquire(true, 1h); });
    const Thread joiner = start_daemon("joiner", [&] { waiter.join(); });
    const Thread sleeper = start_daemon("sleeper", [] { sleep_for(1h); });
    testing::wait_for_asleep(&lock, 1);
    stay();
}

/// Two threads wait for each other.
void deadlock() {
    RLock first;
    RLock second;
    Barrier both(2);
    const auto take_both = [&](RLock& one, RLock& other) {
        one.acquire();
        both.wait();
        other.acquire();
    };
    const Thread forwards = start_daemon("forwards", [&] { take_both(first, second); });
    const Thread backwards = start_daemon("backwards", [&] { take_both(second, first); });
    testing::wait_for_asleep(&first, 1);
    testing::wait_for_asleep(&second, 1);
    stay();
}

/// A child has one thread more than the one that forked, and so has its parent.
void fork_child() {
    Event event;
    const Thread thread = start_daemon("the parent's", [&] { event.wait(); });
    testing::wait_for_asleep(&event, 1);
    const pid_t child = ::fork();
    if (child == 0) {
        Event own;
        const Thread own_thread = start_daemon("the child's", [&] { own.wait(); });
        testing::wait_for_asleep(&own, 1);
        stay(std::to_string(::getpid()));
    }
    ::pause();
}

/// The same, where the child cannot open anything.
void fork_child_without_descriptors() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_NOFILE, &none);
    fork_child();
}

/// Once it is told to, it becomes another program.
void become_another() {
    std::cout << "ready" << std::endl;
    await_line();
    ::execlp("sh", "sh", "-c", "echo another; exec sleep 1000", nullptr);
    std::exit(1);
}

/// Closes the descriptors that it has not opened, as daemons do, and uses their numbers for something else.
void close_descriptors() {
    constexpr int many = 100;
    for (int number = 3; number < many; ++number) ::close(number);
    while (::open("/dev/null", O_RDONLY) < many) {}
    const pid_t child = ::fork();
    if (child == 0) {
        for (int number = 3; number < many; ++number) {
            if (::fcntl(number, F_GETFD) == -1) ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    // Memory that the program shares itself is not taken for the file.
    const multiprocessing::SharedMemory memory(1 << 16);
    std::ranges::fill(memory.buf(), std::byte{0x55});
    Event event;
    const Thread thread = start_daemon("waiter", [&] { event.wait(); });
    testing::wait_for_asleep(&event, 1);
    stay(status == 0 ? "ready" : "a descriptor was closed in the child");
}

/// Its own file closed, and another one there instead, sealed as that is; `card_file` is what it begins with.
void pretend(const runtime::CardFile& card_file, bool with_garbage) {
    constexpr int many = 100;
    for (int number = 3; number < many; ++number) ::close(number);
    constexpr std::size_t size = 1 << 18;
    const int file = ::memfd_create(runtime::card_file_name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    std::string bytes(size, '\0');
    if (with_garbage) {
        std::mt19937 random(7);
        for (char& byte : bytes) byte = static_cast<char>(random());
    }
    static_assert(std::is_standard_layout_v<runtime::CardFile>);
    bytes.replace(0, sizeof(card_file), reinterpret_cast<const char*>(&card_file), sizeof(card_file));
    if (::write(file, bytes.data(), size) != static_cast<ssize_t>(size)) std::exit(1);
    ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    stay();
}

void fill_in(runtime::CardFile& file) {
    file.magic = runtime::card_magic;
    file.layout = runtime::card_layout;
    file.card_size = sizeof(runtime::Card);
    file.cards_offset = sizeof(runtime::CardFile);
    file.capacity = ~0U;
    file.used = ~0U;
    file.rings_offset = sizeof(runtime::CardFile);
    file.ring_slots = 16;
    file.ring_count = ~0U;
    file.pid = static_cast<std::uint32_t>(::getpid());
    file.complete = 1;
}

void pretend_another_version() {
    runtime::CardFile file;
    fill_in(file);
    ++file.layout;
    pretend(file, false);
}

void pretend_with_garbage() {
    runtime::CardFile file;
    fill_in(file);
    pretend(file, true);
}

void wait_in_many(int count) {
    Event event;
    std::vector<Thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.push_back(start_daemon("waiter-" + std::to_string(i), [&] { event.wait(); }));
    }
    testing::wait_for_asleep(&event, static_cast<std::size_t>(count));
    stay();
}

/// A lock that is handed from thread to thread all the time.
void keep_busy(int count) {
    Lock lock;
    std::vector<Thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.push_back(start_daemon("worker-" + std::to_string(i), [&] {
            for (;;) {
                const std::scoped_lock hold(lock);
                sleep_for(50us);
            }
        }));
    }
    while (testing::asleep_for(&lock) == 0) sleep_for(1ms);
    stay();
}

int run(const std::string& what, int count) {
    if (what == "waits") wait();
    if (what == "deadlock") deadlock();
    if (what == "forks") fork_child();
    if (what == "forks-without-descriptors") fork_child_without_descriptors();
    if (what == "becomes-another") become_another();
    if (what == "closes-descriptors") close_descriptors();
    if (what == "other-version") pretend_another_version();
    if (what == "garbage") pretend_with_garbage();
    if (what == "many") wait_in_many(count);
    if (what == "busy") keep_busy(count);
    return 2;
}

}  // namespace
}  // namespace threadwise

int main(int argc, char** argv) { return threadwise::run(argc > 1 ? argv[1] : "", argc > 2 ? std::atoi(argv[2]) : 0); }
