#pragma once

/// \file
/// The last waits of every thread, which are always recorded, as a picture of the last seconds.
///
///     threadwise::trace::write("trace.jsonl");  // then: threadwise record trace.jsonl -o trace.pftrace
///
/// Each thread keeps its last 127 events: waits that slept, its beginning, its end. A wait that does not sleep costs
/// nothing for that, one that sleeps some hundred instructions. `THREADWISE_TRACE_RING` in the environment says how
/// many events are kept instead (rounded up to a power of two, less one), or `off`. They lie where other processes can
/// read them, as the waits of today do (process_view.hpp, docs/seeing-threads.md). Linux only. Python has nothing like
/// it.

#include <filesystem>

#include "threadwise/export.hpp"
#include "threadwise/recording.hpp"

namespace threadwise::trace {

/// Of the calling process. May be called at any moment and from any thread, not from a signal handler; stops nobody.
/// Throws inspect::ProcessError where the process does not publish its threads, std::system_error if it can open no
/// more files, and std::bad_alloc.
THREADWISE_API Recording take();

/// Writes what take() gives into a file, as lines of JSON (docs/seeing-threads.md), which `threadwise record` turns
/// into pictures. Throws as take() does, and std::system_error if the file cannot be written.
THREADWISE_API void write(const std::filesystem::path& path);

}  // namespace threadwise::trace
