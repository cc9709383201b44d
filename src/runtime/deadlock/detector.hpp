#pragma once
// Finds threads that wait for each other in a circle, and has them reported.

#include <cstdint>

#include "platform/clock.hpp"

namespace threadwise::runtime {

/// Looks once, at all threads, and reports the deadlocks that were not reported yet. `uncovered`: a look that has begun
/// after that moment, by whichever thread, will do instead. False: some thread was just about to sleep or to run, or
/// another thread looks; look again soon.
///
/// For a thread that is queued to sleep itself: allocates nothing by the program's operator new, and calls no code of
/// the program's.
bool look_for_deadlocks(platform::Instant uncovered) noexcept;

/// How often a thread has looked at all threads so far.
std::uint64_t look_count() noexcept;

}  // namespace threadwise::runtime
