#pragma once

/// \file
/// A full memory fence on behalf of all threads of the process, paid for by the one that calls it. With it the other
/// side of a store-then-load protocol needs no fence of its own (Linux: membarrier(2); C++ proposal P1202).

namespace threadwise::platform {

/// Prepares heavy_fence(). False where the system has none, or the sanitizer in use would not see it.
bool enable_heavy_fence() noexcept;

/// The same, but true also where only the sanitizer would not see it: for those that order what they share by acquire
/// and release, and to whom the fence says no more than which of two threads goes first.
bool enable_unseen_heavy_fence() noexcept;

/// Every other thread of the process executes a full fence at some point during this call. Some 0.2 µs when no other
/// thread runs, a few microseconds when one does. A plain full fence where neither could be enabled.
///
/// A system that gave the fence may refuse it later, when the process enters a sandbox. Then a call waits for as long
/// as a store could take to be performed, a millisecond; which is much, so callers are to do without from then on.
void heavy_fence() noexcept;

/// Whether a heavy_fence() that has returned has found that the system refuses it from now on.
bool heavy_fence_refused() noexcept;

}  // namespace threadwise::platform
