#pragma once
// Words in shared memory whose holder's death the kernel notices.
//
// Each thread has a list of the words that it holds, which the kernel reads when the thread ends, in whatever way
// (Linux: "robust futexes", set_robust_list(2)). A word on it that still has the thread's number in `holder_bits`
// becomes `died_bit`, `waiters_bit` stays as it is, and if that is set one sleeper is woken (shared_futex.hpp).
//
// The list belongs to libc, which keeps its robust mutexes on it. So a word is laid out as libc lays out a mutex: the
// links lie `links_offset` bytes behind the word.

#include <cstddef>
#include <cstdint>

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

/// Around each change of a word by robust_holder()'s thread: from begin to end the kernel counts it as held if the
/// thread's number stands in it, on the list or not; and if it is 0 it wakes a sleeper. Not nested.
void begin_robust_change(void** links) noexcept;
void end_robust_change() noexcept;

/// Puts the word, just taken, on the list, and takes it off before it is released. Between begin and end.
void link_robust(void** links) noexcept;
void unlink_robust(void** links) noexcept;

}  // namespace threadwise::platform
