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

/// Ends the process without destroying anything more; what was printed is written out, if that takes no longer than
/// about a second.
[[noreturn]] void end_process(int status) noexcept;

/// The calling thread will not be heard of again.
[[noreturn]] void sleep_for_good() noexcept;

/// What the thread waits for in the kernel, in a form that changes when the wait does; 0 if it runs, or if the platform
/// cannot tell, or if it waits for anything but other threads.
std::uint64_t wait_for_threads(std::uint64_t native_id) noexcept;

}  // namespace threadwise::platform
