#pragma once
// What the process's threads wait for in the kernel, so that its end need not wait for threads that will never go on.

#include <cstdint>

namespace threadwise::platform {

/// What a thread waits for in the kernel.
struct KernelWait {
    enum class Kind : std::uint8_t {
        none,    ///< it runs, waits for anything else or with a timeout, or the platform cannot tell
        thread,  ///< another thread: it joins it, or wants a mutex that it holds
        write,   ///< a write to a file
    };
    Kind kind = Kind::none;
    /// Changes when the wait does, or when the thread has run.
    std::uint64_t fingerprint = 0;
    /// The thread that holds the mutex that it waits for, or that it joins; 0: unknown.
    std::uint64_t thread = 0;
    int file = -1;  ///< of a write

    bool operator==(const KernelWait&) const = default;
};

/// What the thread waits for now. Takes no lock of the allocator or of stdio, nor does any_native_thread(): stopped
/// threads may hold them.
KernelWait find_wait(std::uint64_t native_id) noexcept;

/// Whether one of the process's threads meets the condition. False if the platform cannot tell.
bool any_native_thread(bool (*condition)(std::uint64_t native_id, const void* data), const void* data) noexcept;

}  // namespace threadwise::platform
