#pragma once
// The end of the process.

#include <cstdint>

namespace threadwise::platform {

/// Calls `run()` when the calling thread begins to destroy its thread_local objects: as it ends, or when it calls
/// exit(), which begins with that. Objects made later are destroyed before. Once a thread.
void at_thread_locals_end(void (*run)());

/// Calls `run(status)` when the process exits, before the functions registered so far and before static objects are
/// destroyed. Where the platform cannot tell the status it is `unknown_status`.
void at_exit(void (*run)(int status)) noexcept;

inline constexpr int unknown_status = -1;

/// Before the first thread is stopped: end_process() can then do without the allocator, which that thread may have
/// locked.
void prepare_to_end_process() noexcept;

/// Ends the process without destroying anything more. What was printed is written out: to stdout if that takes no
/// longer than 250 ms, then to other streams if that takes no longer than 100 ms.
[[noreturn]] void end_process(int status) noexcept;

/// The calling thread will not be heard of again.
[[noreturn]] void sleep_for_good() noexcept;

/// What a thread waits for in the kernel.
struct KernelWait {
    enum class Kind : std::uint8_t {
        none,    ///< it runs, or waits for anything else, or with a timeout; or the platform cannot tell
        thread,  ///< for other threads
        write,   ///< to write to a file
    };
    Kind kind = Kind::none;
    /// Changes when the wait does, or when the thread has run.
    std::uint64_t fingerprint = 0;
    /// The thread that holds the mutex that it waits for, or that it joins; 0: unknown.
    std::uint64_t thread = 0;
    int file = -1;

    bool operator==(const KernelWait&) const = default;
};

/// Takes no lock of the allocator or of stdio, nor does the next: threads may hold them for good.
KernelWait find_wait(std::uint64_t native_id) noexcept;

/// Whether one of the process's threads meets the condition. False if the platform cannot tell.
bool any_native_thread(bool (*condition)(std::uint64_t native_id, const void* data), const void* data) noexcept;

}  // namespace threadwise::platform
