#pragma once

/// \file
/// Whether finished threads' OS threads are used again.

#include "threadwise/export.hpp"

namespace threadwise {

/// Allows (as at first) or forbids that the OS thread of a Thread that has ended runs the next one that is started,
/// which costs some microseconds where making an OS thread costs some thirty. Returns what it was. Any thread may call
/// it; OS threads on offer at that moment end within about 100 ms.
///
/// There is no need to forbid it for correctness' sake: an OS thread is used again only where that cannot be noticed,
/// but by its native_id() and its processor time. docs/threads.md says when that is: not in a program that is linked
/// statically with an allocator of its own, for one.
THREADWISE_API bool set_recycling(bool allowed) noexcept;

}  // namespace threadwise
