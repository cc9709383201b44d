#pragma once
// Where a thread goes instead of back to the program's code.
//
// The address to which a function returns lies on the stack. Replaced by diversion(), it leads the thread to
// arrive_at_diversion() as soon as the function has ended in whatever way: by returning, or by an exception. A function
// that jumps away (longjmp) does not come by.

#include <cstdint>

namespace threadwise::platform {

/// An address to return to.
std::uintptr_t diversion() noexcept;

/// Whether the calling thread may return to other places than it was called from: a processor may keep a second stack
/// to prevent that.
bool can_divert() noexcept;

/// What signal handlers return to, as the kernel wants it.
using SignalReturn = void (*)();
SignalReturn signal_return() noexcept;

/// Where diverted threads get; returns the address to go on at. Defined by the user of this header.
std::uintptr_t arrive_at_diversion() noexcept;

}  // namespace threadwise::platform
