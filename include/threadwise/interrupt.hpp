#pragma once

/// \file
/// Ending a thread's wait from outside: what lets Ctrl-C end a program that waits.
/// Python: docs.python.org/3/library/_thread.html, "interrupt_main".

#include <cstdint>

#include "threadwise/export.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {

/// Ends the thread's wait, wherever in threadwise it waits, by an InterruptedError; if it does not wait, its next wait
/// that cannot go on at once. Interrupts do not add up. Async-signal-safe (but for the portable backend), so a signal
/// handler may call it with a handle that was made before.
THREADWISE_API void interrupt(const ThreadHandle& thread);

/// The same, by ident(); false if no thread alive has that one. Not for signal handlers.
THREADWISE_API bool interrupt(std::uint32_t ident);

/// interrupt(main_thread()); async-signal-safe, with no handle at hand.
THREADWISE_API void interrupt_main() noexcept;

}  // namespace threadwise
