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
void heavy_fence() noexcept;

}  // namespace threadwise::platform
