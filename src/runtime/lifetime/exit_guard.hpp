#pragma once
// Ends the process with its status if its end gets stuck because of threads that were stopped.

#include "platform/clock.hpp"

namespace threadwise::runtime {

struct ThreadRecord;

/// From now on another thread watches `closer`, which ends the process with that status. The process is ended at once
/// if the closer has not called guard_destructors() by `deadline`.
void start_exit_guard(ThreadRecord& closer, int status, platform::Instant deadline) noexcept;

/// All are stopped that are to be. From now on the process is ended when the closer is found waiting for good for a
/// thread that is: for a mutex that it holds, or for any event if no other thread could bring it about.
void guard_destructors() noexcept;

}  // namespace threadwise::runtime
