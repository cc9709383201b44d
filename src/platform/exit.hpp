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

/// To be called before the first thread is stopped: end_process() can then do without the allocator, whose lock a
/// stopped thread may hold.
void prepare_to_end_process() noexcept;

/// Ends the process without destroying anything more. What was printed is written out: to stdout if that takes no
/// longer than 250 ms, then to other streams if that takes no longer than 100 ms.
[[noreturn]] void end_process(int status) noexcept;

/// Suspends the calling thread until the process ends.
[[noreturn]] void sleep_for_good() noexcept;

}  // namespace threadwise::platform
