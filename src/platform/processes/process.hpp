#pragma once
// What the OS knows of processes.

#include <cstdint>

namespace threadwise::platform {

/// The number of the process that a thread belongs to, by the thread's own number; 0 if there is no such thread, or the
/// platform cannot tell.
std::uint64_t process_of(std::uint64_t native_id) noexcept;

/// That of the calling process; 0 where the platform cannot tell.
std::uint64_t this_process() noexcept;

}  // namespace threadwise::platform
