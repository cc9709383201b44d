#pragma once

/// \file
/// An asymmetric fence: one thread makes all threads of the process execute a full memory fence (Linux: membarrier(2);
/// C++ proposal P1202). In a store-then-load protocol (Dekker's) the frequent side then needs no fence of its own; the
/// rare side calls heavy_fence() and bears the whole cost.

namespace threadwise::platform {

/// Prepares heavy_fence(). False if the system has none, or under the thread sanitizer, which does not know of it and
/// would report races.
bool enable_heavy_fence() noexcept;

/// The same, but true also under the thread sanitizer. For protocols in which acquire and release order all accesses to
/// shared data, so that the sanitizer finds no race, and the fence only decides which of two threads goes first.
bool enable_unseen_heavy_fence() noexcept;

/// Every other thread of the process executes a full fence at some point during this call, which takes some 0.2 µs when
/// no other thread runs and a few microseconds when one does. If it could not be enabled, only the calling thread
/// executes a full fence.
///
/// A system that had the fence may refuse it later, when the process enters a sandbox. The call then sleeps for a
/// millisecond instead, by when every earlier store of other threads is visible. That is slow: callers must check
/// heavy_fence_refused() afterwards, and do without the fence from then on.
void heavy_fence() noexcept;

/// Whether an earlier heavy_fence() found that the system refuses it now. It does not change back.
bool heavy_fence_refused() noexcept;

}  // namespace threadwise::platform
