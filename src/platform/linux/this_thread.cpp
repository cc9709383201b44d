#include "platform/this_thread.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace threadwise::platform {
namespace {

struct ExitCall {
    void (*run)(void*) = nullptr;
    void* argument = nullptr;
};

constinit thread_local ExitCall exit_call;

pthread_key_t exit_key();

/// Whether the first round of keys is over, which is everybody else's: what their destructors do belongs to the thread,
/// too. One round alone is given up: there may be as few as four, and a destructor that uses threadwise needs another.
constinit thread_local bool is_postponed = false;

void run_exit_call(void* call) {
    if (!is_postponed && pthread_setspecific(exit_key(), call) == 0) {
        is_postponed = true;
        return;
    }
    const ExitCall copy = *static_cast<ExitCall*>(call);
    copy.run(copy.argument);
}

pthread_key_t exit_key() {
    // A key, not a thread_local with a destructor: keys are destroyed after all thread_local objects, and a key set
    // again by a destructor is destroyed again.
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        if (pthread_key_create(&made, run_exit_call) != 0) throw std::bad_alloc();
        return made;
    }();
    return key;
}

// Made at load: on first use, a fork meanwhile would leave the child a key that is being made for good.
[[maybe_unused]] const pthread_key_t made_at_load = exit_key();

}  // namespace

std::uint64_t native_id() noexcept { return static_cast<std::uint64_t>(syscall(SYS_gettid)); }

std::uint64_t initial_native_id() noexcept { return static_cast<std::uint64_t>(getpid()); }

bool is_native_thread(std::uint64_t native_id) noexcept {
    const int saved = errno;
    const bool is_gone = syscall(SYS_tgkill, getpid(), native_id, 0) != 0 && errno == ESRCH;
    errno = saved;
    return !is_gone;
}

bool is_initial_thread() noexcept { return syscall(SYS_gettid) == getpid(); }

void at_thread_exit(void (*run)(void*), void* argument) {
    exit_call = {run, argument};
    if (pthread_setspecific(exit_key(), run != nullptr ? &exit_call : nullptr) != 0) throw std::bad_alloc();
}

}  // namespace threadwise::platform
