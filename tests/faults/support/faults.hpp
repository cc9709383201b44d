#pragma once

/// \file
/// Runs a scenario again and again, and lets another call to the system or the allocator fail each time. Include it in
/// the one source file of a test program: it replaces operator new and delete, malloc, pthread_create and syscall.
///
/// The scenario runs in a forked child, once while the k-th call of some kind fails, for k = 1, 2, 3 ... until there is
/// no k-th one, and once more with nothing failing: the library must go on working. A child that hangs, crashes, throws
/// what it may not, or leaves objects behind fails the test, which says what failed and where from.

#include <execinfo.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "threadwise/errors.hpp"

#if defined(__SANITIZE_ADDRESS__)
extern "C" int __lsan_do_recoverable_leak_check();  // NOLINT(bugprone-reserved-identifier)
#endif

namespace threadwise::testing::faults {

/// What fails.
enum class Kind : std::uint8_t {
    allocation,  ///< one operator new or malloc
    thread,      ///< one pthread_create
    no_threads,  ///< all of them from the k-th one on, for a moment
    futex,       ///< one futex call
    membarrier,  ///< one membarrier call
};

constexpr std::array all_kinds{Kind::allocation, Kind::thread, Kind::no_threads, Kind::futex, Kind::membarrier};

constexpr const char* name_of(Kind kind) {
    constexpr std::array names{"allocation", "thread", "thread (and all for 30 ms)", "futex call", "membarrier call"};
    return names[static_cast<std::size_t>(kind)];
}

/// Which call is to fail; and whether it has.
struct Plan {
    std::atomic<bool> armed{false};
    Kind kind{};
    long number = 0;
    std::atomic<long> seen{0};
    std::atomic<std::int64_t> threads_again_at{0};
};
inline constinit Plan plan{};

inline std::int64_t milliseconds_now() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
}

inline void show_where() {
    std::array<void*, 32> frames{};
    backtrace_symbols_fd(frames.data(), backtrace(frames.data(), frames.size()), STDERR_FILENO);
}

/// Asked before each call: whether it is the one that fails.
inline bool strikes(Kind kind) noexcept {
    if (!plan.armed.load()) return false;
    const bool lasts = plan.kind == Kind::no_threads && kind == Kind::thread;
    if (kind != plan.kind && !lasts) return false;
    const long number = ++plan.seen;
    if (number == plan.number) {
        constexpr int moment = 30;
        plan.threads_again_at = milliseconds_now() + moment;
        show_where();
        return true;
    }
    return lasts && number > plan.number && milliseconds_now() < plan.threads_again_at;
}

/// Where the C library's code lies: an allocation of its own must not fail, as it ends the process for some.
struct Code {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

inline Code find_libc() {
    Code found;
    dl_iterate_phdr(
        [](dl_phdr_info* object, std::size_t, void* result) {
            if (std::string_view(object->dlpi_name).find("/libc.so") == std::string_view::npos) return 0;
            auto& code = *static_cast<Code*>(result);
            for (int i = 0; i < object->dlpi_phnum; ++i) {
                const auto& segment = object->dlpi_phdr[i];
                if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
                code = {object->dlpi_addr + segment.p_vaddr, object->dlpi_addr + segment.p_vaddr + segment.p_memsz};
            }
            return 1;
        },
        &found);
    return found;
}
inline Code libc_code{};

inline bool is_libc(const void* caller) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(caller);
    return address >= libc_code.begin && address < libc_code.end;
}

/// An object that must be gone in the end. Copies are made of nothing but memory.
class Counted {
public:
    static inline std::atomic<long> alive{0};

    Counted() { ++alive; }
    Counted(const Counted&) { ++alive; }
    Counted(Counted&&) noexcept { ++alive; }
    Counted& operator=(const Counted&) = default;
    Counted& operator=(Counted&&) noexcept = default;
    ~Counted() { --alive; }
};

/// What a child tells its parent.
struct Verdict {
    std::atomic<bool> struck{false};
    std::atomic<bool> finished{false};
    std::array<char, 256> complaint{};
};

/// One run of a scenario.
class Trial {
public:
    explicit Trial(Verdict& verdict) : verdict_(verdict) {}

    /// Something that must hold whatever fails.
    void expect(bool holds, const char* what) {
        if (holds || verdict_.complaint[0] != '\0') return;
        std::snprintf(verdict_.complaint.data(), verdict_.complaint.size(), "%s%s", what,
                      plan.armed ? "" : " (afterwards, with nothing failing)");
    }

    /// Calls `function()`, which may throw what says that something is lacking while something may fail; true if it
    /// has not thrown.
    template <class Function>
    bool attempt(Function&& function) {
        try {
            function();
            return true;
        } catch (const std::bad_alloc&) {
            expect(plan.armed, "bad_alloc");
        } catch (const RuntimeError& error) {
            expect(plan.armed && std::string_view(error.what()).find("start new thread") != std::string_view::npos,
                   error.what());
        } catch (const std::system_error& error) {
            expect(plan.armed, error.what());
        } catch (const std::exception& error) {
            expect(false, error.what());
        }
        return false;
    }

    /// Calls `function()` while nothing fails: what is the scenario's own affair.
    template <class Function>
    void in_peace(Function&& function) {
        const bool was_armed = plan.armed.exchange(false);
        function();
        plan.armed = was_armed;
    }

private:
    Verdict& verdict_;
};

using Scenario = void (*)(Trial&);

constexpr unsigned patience_in_seconds = 60;

/// The child.
[[noreturn]] inline void run_child(Scenario scenario, Kind kind, long number, Verdict& verdict, int errors) {
    dup2(errors, STDERR_FILENO);
    alarm(patience_in_seconds);
    std::array<void*, 1> frame{};
    backtrace(frame.data(), 1);  // loads what it needs
    libc_code = find_libc();
    plan.kind = kind;
    plan.number = number;
    Trial trial(verdict);
    plan.armed = true;
    trial.attempt([&] { scenario(trial); });
    plan.armed = false;
    verdict.struck = plan.seen >= number;
    trial.expect(Counted::alive == 0, "objects are left");
    trial.attempt([&] { scenario(trial); });
    trial.expect(Counted::alive == 0, "objects are left");
#if defined(__SANITIZE_ADDRESS__)
    trial.expect(__lsan_do_recoverable_leak_check() == 0, "memory is lost");
#endif
    verdict.finished = true;
    _exit(0);
}

inline std::string read_all(std::FILE* file) {
    std::string text;
    std::array<char, 4096> part{};
    std::rewind(file);
    while (const std::size_t length = std::fread(part.data(), 1, part.size(), file)) text.append(part.data(), length);
    return text;
}

/// Runs the scenario with that fault; what is wrong with it, or nothing. `struck`: whether there was such a call.
inline std::string complaint_about(Scenario scenario, Kind kind, long number, bool& struck) {
    void* const memory = mmap(nullptr, sizeof(Verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& verdict = *new (memory) Verdict;
    std::FILE* const errors = std::tmpfile();
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) run_child(scenario, kind, number, verdict, fileno(errors));
    int status = 0;
    waitpid(child, &status, 0);
    std::string complaint = verdict.complaint.data();
    if (!verdict.finished && complaint.empty()) {
        complaint = !WIFSIGNALED(status)          ? std::string("ended by itself")
                    : WTERMSIG(status) == SIGALRM ? std::string("hangs")
                                                  : std::string("crashes: ").append(strsignal(WTERMSIG(status)));
    }
    if (!complaint.empty()) complaint.append("\n").append(read_all(errors));
    struck = verdict.struck || !verdict.finished;
    std::fclose(errors);
    munmap(memory, sizeof(Verdict));
    return complaint;
}

/// Whether all faults are tried, or a few: the first ones, and then ever fewer.
inline bool all_wanted() {
    const char* const wanted = std::getenv("THREADWISE_FAULTS");
    return wanted != nullptr && std::string_view(wanted) == "all";
}

/// Runs the scenario with each fault.
inline void survives_all_faults(Scenario scenario) {
    for (const Kind kind : all_kinds) {
        long number = 1;
        long runs = 0;
        for (bool struck = true; struck; number += all_wanted() ? 1 : 1 + number / 3) {
            const std::string complaint = complaint_about(scenario, kind, number, struck);
            ++runs;
            if (!complaint.empty()) {
                ADD_FAILURE() << name_of(kind) << " " << number << " fails: " << complaint;
                if (complaint.starts_with("hangs")) return;
            }
        }
        ::testing::Test::RecordProperty(std::string("runs_") + std::to_string(static_cast<int>(kind)),
                                        std::to_string(runs));
    }
}

}  // namespace threadwise::testing::faults

#include "faults/support/interpose.hpp"
