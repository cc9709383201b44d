#include "platform/this_thread.hpp"

#include <atomic>
#include <thread>

namespace threadwise::platform {
namespace {

struct ExitCall {
    void (*run)(void*) = nullptr;
    void* argument = nullptr;

    ExitCall() = default;
    ExitCall(const ExitCall&) = delete;
    ExitCall& operator=(const ExitCall&) = delete;
    ~ExitCall() {
        if (run != nullptr) run(argument);
    }
};

thread_local ExitCall exit_call;

}  // namespace

std::uint64_t native_id() noexcept {
    // The standard library does not show the kernel's thread ids: the threads are counted instead.
    static std::atomic<std::uint64_t> last{0};
    static thread_local const std::uint64_t mine = ++last;
    return mine;
}

std::uint64_t initial_native_id() noexcept { return 0; }

bool is_native_thread(std::uint64_t /*native_id*/) noexcept { return true; }

bool is_initial_thread() noexcept {
    // First called while the library is loaded: on the initial thread, unless the library is loaded by dlopen().
    static const std::thread::id loading_thread = std::this_thread::get_id();
    return std::this_thread::get_id() == loading_thread;
}

void at_thread_exit(void (*run)(void*), void* argument) {
    exit_call.run = run;
    exit_call.argument = argument;
}

}  // namespace threadwise::platform
