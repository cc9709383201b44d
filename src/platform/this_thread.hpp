#pragma once
// What the OS knows of the calling thread.

#include <cstdint>

namespace threadwise::platform {

/// The kernel's number of the calling thread, as `top -H`, gdb and /proc show it.
std::uint64_t native_id() noexcept;

/// That of the thread that the process began with; 0 where the platform cannot tell.
std::uint64_t initial_native_id() noexcept;

/// Whether the process has a thread of that number. True where the platform cannot tell.
bool is_native_thread(std::uint64_t native_id) noexcept;

/// Whether the calling thread is the one that the process began with.
bool is_initial_thread() noexcept;

/// Calls `run(argument)` when the calling thread ends, after its C++ thread_local objects are gone and, on Linux, what
/// its thread-specific keys held. Once per thread at a time: a second call replaces the first, null takes it back, and
/// may be made from destructors that run as the thread ends.
void at_thread_exit(void (*run)(void*), void* argument);

}  // namespace threadwise::platform
