#pragma once
// Words in shared memory whose holder's death the kernel notices.
//
// Each thread has a list of the words that it holds, which the kernel reads when the thread ends, in whatever way
// (Linux: "robust futexes", set_robust_list(2)). A word on it that still has the thread's number in its holder bits
// becomes `died_bit`, `waiters_bit` stays as it is, and if that is set one sleeper is woken (shared_futex.hpp).
//
// The list belongs to libc, which keeps its robust mutexes on it. So a word is laid out as libc lays out a mutex: the
// links lie `robust_links_offset` bytes behind the word.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace threadwise::platform {

/// How many bytes after the word its links lie: two pointers, written and read by the holder alone, and by the kernel
/// when it has ended.
inline constexpr std::size_t robust_links_offset = 24;

inline constexpr std::uint32_t robust_holder_bits = (1U << 30) - 1;
inline constexpr std::uint32_t robust_died_bit = 1U << 30;
inline constexpr std::uint32_t robust_waiters_bit = 1U << 31;

/// What the calling thread writes into a word that it takes: the kernel's number of it. Cached; a system call the
/// first time. Where libc lays its mutexes out in another way, words work, but no death is noticed.
std::uint32_t robust_holder() noexcept;

/// In a forked child: its thread has another number.
void forget_robust_holder() noexcept;

/// Changes the word from `expected` to the calling thread's number and `bits`, and puts it on the thread's list. False:
/// the word was another, which `expected` then says. acquire.
bool take_robust(std::atomic<std::uint32_t>& word, void** links, std::uint32_t& expected, std::uint32_t bits) noexcept;

/// The calling thread, which holds the word, takes it off its list, stores `bits`, and wakes one sleeper if waiters_bit
/// is set. release.
void release_robust(std::atomic<std::uint32_t>& word, void** links, std::uint32_t bits) noexcept;

/// Before `bytes` are unmapped: the words in there that the calling thread holds become what they would by its death.
/// Nothing can reach them any more, and the list may not lead to what is not mapped.
void abandon_robust(std::span<const std::byte> bytes) noexcept;

}  // namespace threadwise::platform
