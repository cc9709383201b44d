#pragma once

/// \file
/// What every thread is doing right now: which run, which wait, for what, since when, and because of which.
///
///     "MainThread" (ident 1, native id 4711) runs
///     "fetch-1" (ident 2, native id 4712) waits for Lock 0x55d0c8a0 held by "MainThread" (ident 1) for 1.204 s, at
///     f.cpp:7
///
/// How to read it: docs/seeing-threads.md. Python has `faulthandler.dump_traceback`, which shows stacks instead.

#include <iosfwd>

#include "threadwise/export.hpp"

namespace threadwise {

/// Writes one line for each thread that threadwise knows: those it started, the main thread, and others that have used
/// the library. The main thread comes first, then the threads in the order in which they became known.
///
/// May be called at any moment and from any thread, while others start, end and wait; not from a signal handler. Stops
/// nobody: each line is true by itself, but by the time that it is read its thread may have gone on, and two lines may
/// tell of different moments. Costs some microseconds a thread. Throws what the stream throws, and std::bad_alloc.
THREADWISE_API void dump(std::ostream& out);

}  // namespace threadwise
