#include "platform/freeze.hpp"

#include <dlfcn.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "platform/internal_section.hpp"
#include "platform/linux/loaded_objects.hpp"

// Past the sanitizers, which put signals off until the program enters the system library: a thread that computes would
// never be stopped.
extern "C" int __sigaction(int, const struct sigaction*, struct sigaction*);  // NOLINT(bugprone-reserved-identifier)

namespace threadwise::platform {
namespace {

// What the handler reads. Thread storage is initial-exec, so that it needs no function call.
[[gnu::tls_model("initial-exec")]] constinit thread_local std::atomic<bool>* frozen_flag = nullptr;
[[gnu::tls_model("initial-exec")]] constinit thread_local std::uintptr_t last_stack = 0;
[[gnu::tls_model("initial-exec")]] constinit thread_local int times_blocked = 0;

struct Code {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

constinit std::array<Code, 256> stoppable{};
constinit std::size_t stoppable_count = 0;
constinit int signal_number = 0;
constinit std::uint32_t never_changes = 0;

/// So often in a row a thread has to be found blocked in the same place before it is stopped there: it might hold a
/// stream's lock while it waits for an instant for another, but not for milliseconds.
constexpr int times_enough = 20;

struct Place {
    std::uintptr_t code;
    std::uintptr_t stack;
    bool blocked;  ///< in a system call that the signal has interrupted
};

// The handler is not instrumented: the sanitizers' own state may be anything where it interrupts.
#define THREADWISE_PLAIN __attribute__((no_sanitize("thread", "address", "undefined")))

#if defined(__x86_64__)
constexpr bool supported = true;

THREADWISE_PLAIN Place place_of(const ucontext_t& context) noexcept {
    const auto* registers = context.uc_mcontext.gregs;
    const auto code = static_cast<std::uintptr_t>(registers[REG_RIP]);
    const auto* bytes = reinterpret_cast<const unsigned char*>(code);
    // `syscall` is 0F 05. It is about to be made again, or it has failed with EINTR.
    const bool again = bytes[0] == 0x0F && bytes[1] == 0x05;
    const bool failed = bytes[-2] == 0x0F && bytes[-1] == 0x05 && registers[REG_RAX] == -EINTR;
    return {code, static_cast<std::uintptr_t>(registers[REG_RSP]), again || failed};
}
#elif defined(__aarch64__)
constexpr bool supported = true;

THREADWISE_PLAIN Place place_of(const ucontext_t& context) noexcept {
    const auto& machine = context.uc_mcontext;
    const auto* instructions = reinterpret_cast<const std::uint32_t*>(machine.pc);
    constexpr std::uint32_t supervisor_call = 0xD4000001;
    const bool again = instructions[0] == supervisor_call;
    const bool failed = instructions[-1] == supervisor_call && static_cast<long>(machine.regs[0]) == -EINTR;
    return {machine.pc, machine.sp, again || failed};
}
#else
constexpr bool supported = false;

Place place_of(const ucontext_t&) noexcept { return {}; }
#endif

THREADWISE_PLAIN bool may_stop_at(const Place& place) noexcept {
    // relaxed: written by this very thread.
    if (__atomic_load_n(reinterpret_cast<int*>(&internal_sections), __ATOMIC_RELAXED) != 0) return false;
    for (std::size_t i = 0; i < stoppable_count; ++i) {
        const Code* code = stoppable.begin() + i;
        if (place.code >= code->begin && place.code < code->end) return true;
    }
    times_blocked = place.blocked && place.stack == last_stack ? times_blocked + 1 : 0;
    last_stack = place.stack;
    return times_blocked >= times_enough;
}

THREADWISE_PLAIN void on_signal(int /*signal*/, siginfo_t* /*info*/, void* context) {
    if (frozen_flag == nullptr || !may_stop_at(place_of(*static_cast<const ucontext_t*>(context)))) return;
    // release: what the thread did happens before what the process does next.
    __atomic_store_n(reinterpret_cast<bool*>(frozen_flag), true, __ATOMIC_RELEASE);
    for (;;) syscall(SYS_futex, &never_changes, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

/// Addresses in the objects whose code must be left in peace: whatever may hold a lock that is needed until the end.
std::span<const void* const> system_code() {
    static const auto addresses = [] {
        // The allocator; libc, the loader, libstdc++ and libgcc by functions that nobody else provides; the sanitizers.
        constexpr std::array names{"malloc",         "gnu_get_libc_version", "_r_debug",
                                   "__cxa_demangle", "_Unwind_GetIP",        "__tsan_init",
                                   "__asan_init",    "__lsan_init",          "__ubsan_handle_add_overflow"};
        std::array<const void*, names.size()> found{};
        std::ranges::transform(names, found.begin(), [](const char* name) { return dlsym(RTLD_DEFAULT, name); });
        return found;
    }();
    return addresses;
}

int collect_stoppable(dl_phdr_info* object, std::size_t /*size*/, void* /*unused*/) {
    if (std::ranges::any_of(system_code(), [&](const void* address) { return holds(*object, address); })) return 0;
    for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
        if (stoppable_count == stoppable.size()) return 1;
        const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
        stoppable.at(stoppable_count++) = {begin, begin + segment.p_memsz};
    }
    return 0;
}

/// A real-time signal that nobody handles; 0 if there is none.
int unused_signal() noexcept {
    for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
        struct sigaction current {};
        if (__sigaction(number, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) return number;
    }
    return 0;
}

}  // namespace

void let_freeze(std::atomic<bool>* flag) noexcept {
    frozen_flag = flag;
    last_stack = 0;
    times_blocked = 0;
}

bool prepare_to_freeze() {
    if (!supported) return false;
    stoppable_count = 0;
    (void)system_code();  // before any lock is held
    visit_objects(collect_stoppable, nullptr);
    signal_number = unused_signal();
    if (stoppable_count == 0 || signal_number == 0) return false;
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    return __sigaction(signal_number, &action, nullptr) == 0;
}

void ask_to_freeze(std::uint64_t native_id) noexcept { syscall(SYS_tgkill, getpid(), native_id, signal_number); }

}  // namespace threadwise::platform
