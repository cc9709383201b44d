#pragma once
// Stopping threads for good wherever they are, when the process is about to destroy what they use.
//
// A thread that comes to the door is held there. One that computes and never comes is sent a signal whose handler does
// not return. It must not stop while it holds a lock of malloc, stdio, the loader or the house itself, as those are
// needed until the very end: so it stops only outside of the system's libraries and of internal sections, or in a
// system call that has blocked for a while; otherwise it goes on and is asked again.

#include <atomic>
#include <cstdint>

namespace threadwise::platform {

/// The calling thread may be stopped from now on; it sets the flag when it is. Null: it may not.
void let_freeze(std::atomic<bool>* flag) noexcept;

/// Once, before the first ask_to_freeze(). False if this platform or program has no way: the allocator and the program
/// cannot be told apart by address.
bool prepare_to_freeze();

/// Asks; to be repeated every some tens of microseconds.
void ask_to_freeze(std::uint64_t native_id) noexcept;

}  // namespace threadwise::platform
