#include "platform/exit.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "platform/futex.hpp"

namespace threadwise::platform {
namespace {

struct AtEnd {
    void (*run)() = nullptr;
    AtEnd() = default;
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() {
        if (run != nullptr) run();
    }
};

constinit std::atomic<void (*)(int)> to_run{nullptr};

}  // namespace

void at_thread_locals_end(void (*run)()) {
    static thread_local AtEnd at_end;
    at_end.run = run;
}

void at_exit(void (*run)(int status)) noexcept {
    to_run = run;
    std::atexit([] { to_run.load()(unknown_status); });
}

void prepare_to_end_process() noexcept {}

void end_process(int status) noexcept {
    std::cout.flush();
    std::clog.flush();
    std::fflush(nullptr);
    std::_Exit(status);
}

void sleep_for_good() noexcept {
    static std::atomic<std::uint32_t> never_changes{0};
    for (;;) futex_wait(never_changes, 0, never);
}

}  // namespace threadwise::platform
