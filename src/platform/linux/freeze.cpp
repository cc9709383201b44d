#include "platform/freeze.hpp"

#include <dlfcn.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "platform/clock.hpp"
#include "platform/internal_section.hpp"
#include "platform/linux/call_frames.hpp"
#include "platform/linux/diversion.hpp"
#include "platform/linux/loaded_objects.hpp"

// The signal handler runs most of this: it is compiled without sanitizers (see ThreadwiseLibrary.cmake), whose state
// may be anything where it interrupts; it locks nothing and allocates nothing.

namespace threadwise::platform {
namespace {

using namespace std::chrono_literals;

/// A thread that is found again and again in the same system call is stopped there after so long: it may hold for good
/// what it has held meanwhile.
constexpr auto patience_at_one_place = 10ms;
/// The same for one that runs code of the program that a system library has called.
constexpr auto patience_with_callbacks = 20ms;

// What the handler reads. Thread storage is initial-exec, so that it needs no function call.
struct Sighting {
    std::uintptr_t stack = 0;
    std::uintptr_t code = 0;
    Instant since{};  ///< there
    Instant first{};  ///< anywhere
};
[[gnu::tls_model("initial-exec")]] constinit thread_local Stopping* this_thread = nullptr;
[[gnu::tls_model("initial-exec")]] constinit thread_local Sighting last_sighting{};
[[gnu::tls_model("initial-exec")]] constinit thread_local std::uintptr_t diverted_from = 0;

constinit std::array<ObjectCode, 512> objects{};
constinit std::size_t object_count = 0;
constinit std::uint32_t never_changes = 0;
constinit bool prepared = false;
constinit pid_t ending_process = 0;

/// libc keeps this signal for itself (to change user and group of all threads), and so does not let programs block it.
constexpr int signal_number = 33;
constexpr std::size_t kernel_set_size = 8;

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/// As the kernel has it.
struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};
constinit KernelAction former{};

/// All but the ones that libc keeps for itself: it may wait until all threads have answered them.
constinit const std::uint64_t all_signals = ~(std::uint64_t{3} << 31U);

/// Distinguishes our signals from libc's.
constinit char signature = 0;

/// Where a thread was when the signal came.
struct Interrupted {
    std::uintptr_t code = 0;
    std::uintptr_t stack = 0;
    bool in_call = false;      ///< in a system call that the signal has interrupted
    bool is_to_retry = false;  ///< which the kernel makes again by itself,
    long number = -1;          ///< of this number
};

#if defined(__x86_64__)
constexpr bool supported = true;

Interrupted interrupted_at(const ucontext_t& context, bool readable) noexcept {
    const auto* registers = context.uc_mcontext.gregs;
    Interrupted at;
    at.code = static_cast<std::uintptr_t>(registers[REG_RIP]);
    at.stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
    if (!readable) return at;
    const auto is_call = [](std::uintptr_t code) {  // `syscall` is 0F 05
        const auto* bytes = reinterpret_cast<const unsigned char*>(code);
        return bytes[0] == 0x0F && bytes[1] == 0x05;
    };
    at.is_to_retry = is_call(at.code);
    at.in_call = at.is_to_retry || (registers[REG_RAX] == -EINTR && is_call(at.code - 2));
    if (at.is_to_retry) at.number = static_cast<long>(registers[REG_RAX]);
    return at;
}
#elif defined(__aarch64__)
constexpr bool supported = true;

Interrupted interrupted_at(const ucontext_t& context, bool readable) noexcept {
    const auto& machine = context.uc_mcontext;
    Interrupted at{.code = machine.pc, .stack = machine.sp};
    if (!readable) return at;
    const auto* instructions = reinterpret_cast<const std::uint32_t*>(machine.pc);
    constexpr std::uint32_t supervisor_call = 0xD4000001;
    at.is_to_retry = instructions[0] == supervisor_call;
    at.in_call =
        at.is_to_retry || (static_cast<long>(machine.regs[0]) == -EINTR && instructions[-1] == supervisor_call);
    if (at.is_to_retry) at.number = static_cast<long>(machine.regs[8]);
    return at;
}
#else
constexpr bool supported = false;

Interrupted interrupted_at(const ucontext_t& /*context*/, bool /*readable*/) noexcept { return {}; }
#endif

/// Whether the code belongs to a library that may hold a lock that is needed until the end. Code of no object, which
/// the program has generated, does not.
bool is_system(const ObjectCode* object) noexcept { return object != nullptr && object->is_system; }

/// What a walk over the thread's stack has found.
struct Survey {
    bool begins_in_system = false;
    int system_frames = 0;     ///< that the thread is in, before it comes to the program's
    bool in_callback = false;  ///< code of the program runs that a system library has called
    /// Where the outermost system function that the program has called returns to; null: it has called none, or that is
    /// not known, or is_diverted.
    std::uintptr_t* way_back = nullptr;
    bool is_diverted = false;  ///< that return already
};

/// The walk, as it goes outward.
class Surveyor {
public:
    explicit Surveyor(ucontext_t& context) noexcept : frames_(std::span(objects).first(object_count), context) {}

    Survey walk() noexcept {
        constexpr int most_frames = 256;
        in_system_ = found_.begins_in_system = is_system(frames_.object());
        seen_program_ = !in_system_;
        for (int i = 0; i < most_frames && step(); ++i) {}
        return found_;
    }

private:
    bool step() noexcept {
        if (!seen_program_) ++found_.system_frames;
        const CallFrames::Step step = frames_.step();
        // Only what is not the first frame of the whole stack, below which a program's main() runs.
        if (step != CallFrames::Step::at_the_end && candidate_ != nullptr) come_back_to(candidate_);
        candidate_ = nullptr;
        if (step != CallFrames::Step::taken) return false;
        if (frames_.code() == diversion()) {
            come_back_to(nullptr);
            found_.is_diverted = true;
            return false;
        }
        const bool in_system = is_system(frames_.object());
        if (in_system && seen_program_) below_system_ = true;
        if (in_system_ && !in_system) candidate_ = frames_.return_slot();
        in_system_ = in_system;
        seen_program_ |= !in_system;
        return true;
    }

    void come_back_to(std::uintptr_t* way_back) noexcept {
        found_.way_back = way_back;
        found_.in_callback = below_system_;
    }

    CallFrames frames_;
    Survey found_;
    bool in_system_ = false;
    bool seen_program_ = false;
    bool below_system_ = false;
    std::uintptr_t* candidate_ = nullptr;
};

/// Whether the thread sleeps in a system call that the program itself has made: then it holds no lock of libc's.
bool sleeps_without_locks(const Interrupted& at, const Survey& found) noexcept {
    // sleep() calls nanosleep(), which calls clock_nanosleep(). Those that the kernel does not make again by itself
    // only wait, for time or for files.
    constexpr int deepest_sleep = 3;
    const bool is_known = found.way_back != nullptr || found.is_diverted;
    if (!at.in_call || !is_known || found.in_callback) return false;
    if (!at.is_to_retry) return found.system_frames <= deepest_sleep;
    return found.system_frames == 1 && at.number != SYS_futex;
}

bool has_stayed(const Interrupted& at, Instant now) noexcept {
    if (at.code != last_sighting.code || at.stack != last_sighting.stack) {
        last_sighting.code = at.code;
        last_sighting.stack = at.stack;
        last_sighting.since = now;
    }
    return now - last_sighting.since >= patience_at_one_place;
}

/// The file that the system call writes to, or -1.
int written_file([[maybe_unused]] const ucontext_t& context, const Interrupted& at) noexcept {
    if (at.number != SYS_write && at.number != SYS_writev) return -1;
#if defined(__x86_64__)
    return static_cast<int>(context.uc_mcontext.gregs[REG_RDI]);
#else
    return -1;
#endif
}

/// relaxed: written by this very thread.
bool in_internal_section() noexcept { return internal_sections.load(std::memory_order_relaxed) != 0; }

/// Whether to stop here and now; otherwise the thread's way back to the program is diverted, where that is known.
bool may_stop(ucontext_t& context, bool even_waiting) noexcept {
    const Survey found = Surveyor(context).walk();
    const Interrupted at = interrupted_at(context, found.begins_in_system);
    const bool internal = in_internal_section();
    if (!internal && !found.begins_in_system && !found.in_callback) return true;
    if (!internal && sleeps_without_locks(at, found)) return true;
    if (found.way_back != nullptr && can_divert()) diverted_from = std::exchange(*found.way_back, diversion());
    if (internal) return false;
    const Instant now = platform::now();
    if (last_sighting.first == Instant{}) last_sighting.first = now;
    if (!found.begins_in_system) return now - last_sighting.first >= patience_with_callbacks;
    if (!at.in_call || !has_stayed(at, now)) return false;
    const bool waits = at.is_to_retry && at.number == SYS_futex;
    // relaxed: published by `asked`, written after this.
    this_thread->waits.store(waits, std::memory_order_relaxed);
    if (waits && !even_waiting) return false;
    // relaxed: published by `stopped`, written after this.
    this_thread->wrote_to.store(written_file(context, at), std::memory_order_relaxed);
    return true;
}

[[noreturn]] void stop() noexcept {
    // release: what the thread did happens before what the process does next.
    this_thread->stopped.store(true, std::memory_order_release);
    for (;;) syscall(SYS_futex, &never_changes, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

void on_signal(int signal, siginfo_t* info, void* context) {
    const bool is_ours = info->si_code == SI_QUEUE && info->si_pid == getpid() &&
                         (info->si_value.sival_ptr == &signature || info->si_value.sival_ptr == &signature + 1);
    if (!is_ours) {
        if (reinterpret_cast<std::uintptr_t>(former.handler) > 1)
            former.handler(signal, info, context);  // SIG_DFL, SIG_IGN
        return;
    }
    if (this_thread == nullptr) return;
    const int error = errno;
    this_thread->waits.store(false, std::memory_order_relaxed);  // relaxed: published by the next
    if (may_stop(*static_cast<ucontext_t*>(context), info->si_value.sival_ptr != &signature)) stop();
    // release: pairs with ask_to_freeze(), which then reads `waits`.
    this_thread->asked.store(false, std::memory_order_release);
    errno = error;
}

/// Addresses in the objects whose code must be left in peace: whatever may hold a lock that is needed until the end.
std::span<const void* const> system_code() {
    static const auto addresses = [] {
        // The allocator; libc, the loader, libstdc++ and libgcc by functions that nobody else provides; the sanitizers;
        // and, found otherwise, what the kernel gives each process.
        constexpr std::array names{"malloc",         "gnu_get_libc_version", "_r_debug",
                                   "__cxa_demangle", "_Unwind_GetIP",        "__tsan_init",
                                   "__asan_init",    "__lsan_init",          "__ubsan_handle_add_overflow"};
        std::array<const void*, names.size() + 1> found{};
        std::ranges::transform(names, found.begin(), [](const char* name) { return dlsym(RTLD_DEFAULT, name); });
        found.back() = reinterpret_cast<const void*>(getauxval(AT_SYSINFO_EHDR));
        return found;
    }();
    return addresses;
}

int collect_object(dl_phdr_info* object, std::size_t /*size*/, void* any_stoppable) {
    const bool is_system =
        std::ranges::any_of(system_code(), [&](const void* address) { return holds(*object, address); });
    for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
        if (object_count == objects.size()) return 1;
        const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
        objects.at(object_count++) = {begin, begin + segment.p_memsz, frames_of(*object), is_system};
        if (!is_system) *static_cast<bool*>(any_stoppable) = true;
    }
    return 0;
}

bool set_handler() noexcept {
    if (prepared) return true;
    // Past libc, which keeps the signal to itself, and the sanitizers, which put signals off until the program enters
    // the system library: a thread that computes would never be stopped.
    if (syscall(SYS_rt_sigaction, signal_number, nullptr, &former, kernel_set_size) != 0) return false;
    const SignalReturn back = signal_return();
    const unsigned long flags =
        SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER | (back != nullptr ? SA_RESTORER : 0U);
    const KernelAction action{on_signal, flags, back, all_signals};
    prepared = syscall(SYS_rt_sigaction, signal_number, &action, nullptr, kernel_set_size) == 0;
    return prepared;
}

}  // namespace

std::uintptr_t arrive_at_diversion() noexcept {
    // On goes a thread that still holds one of threadwise's own locks, and the child of a fork() that was being made.
    if (in_internal_section() || getpid() != ending_process) return diverted_from;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_signals, nullptr, kernel_set_size);
    stop();
}

void let_freeze(Stopping* thread) noexcept {
    // A signal on its way while there was no thread to be stopped was not answered.
    this_thread = thread;
    last_sighting = {};
    if (thread != nullptr) thread->asked.store(false);
}

bool prepare_to_freeze() {
    if (!supported) return false;
    object_count = 0;
    ending_process = getpid();
    (void)system_code();  // before any lock is held
    bool any_stoppable = false;
    visit_objects(collect_object, &any_stoppable);
    return any_stoppable && set_handler();
}

void ask_to_freeze(std::uint64_t native_id, Stopping& thread, bool even_waiting) noexcept {
    if (thread.asked.exchange(true)) return;
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = &signature + (even_waiting ? 1 : 0);
    const long sent = syscall(SYS_rt_tgsigqueueinfo, getpid(), native_id, signal_number, &info);
    if (sent != 0) thread.asked.store(false);
}

}  // namespace threadwise::platform
