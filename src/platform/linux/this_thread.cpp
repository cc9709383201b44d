#include "platform/this_thread.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

namespace threadwise::platform {
namespace {

struct ExitCall {
    void (*run)(void*);
    void* argument;
};

void run_exit_call(void* call) noexcept {
    const auto* exit_call = static_cast<ExitCall*>(call);
    const ExitCall copy = *exit_call;
    delete exit_call;
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

}  // namespace

std::uint64_t native_id() noexcept { return static_cast<std::uint64_t>(syscall(SYS_gettid)); }

bool is_initial_thread() noexcept { return syscall(SYS_gettid) == getpid(); }

void at_thread_exit(void (*run)(void*), void* argument) {
    delete static_cast<ExitCall*>(pthread_getspecific(exit_key()));
    pthread_setspecific(exit_key(), new ExitCall{run, argument});
}

}  // namespace threadwise::platform
