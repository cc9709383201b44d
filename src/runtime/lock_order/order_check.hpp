#pragma once
// What the slow paths of locks tell the checker of lock orders, where locks are followed (followed_locks.hpp).

#include <atomic>
#include <cstdint>

#include "runtime/records/followed_locks.hpp"
#include "runtime/records/held_locks.hpp"

namespace threadwise::runtime {

/// Fills in the id of a lock that the calling thread is about to take. `bearer` bears it while the lock is free.
void identify(FollowedLock& lock, std::atomic<std::uint32_t>& bearer) noexcept;

/// The calling thread will wait for that lock if it has to, for as long as it takes. Reports what may deadlock, before
/// it does: calls the hook.
void check_order(FollowedLock& lock);

/// The calling thread has taken it, waiting or not.
void note_taken(FollowedLock lock) noexcept;

/// A lock is about to be free, or a thread ceases to read it. Returns what it is to bear: its id, or 0.
std::uint32_t note_released(const void* word, std::uint32_t holder) noexcept;
void note_read(const void* word) noexcept;

}  // namespace threadwise::runtime
