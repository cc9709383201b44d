#pragma once

/// \file
/// How many threads sleep, or are about to, on the locks that share a bucket of the parking table: what a release must
/// look at, and all that it may look at, since the lock itself may be gone as soon as it is free.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::detail {

inline constexpr std::size_t bucket_bits = 10;
inline constexpr std::size_t bucket_count = std::size_t{1} << bucket_bits;

/// Which bucket an address falls into. Fibonacci hashing: the golden ratio spreads neighbouring addresses, and the high
/// bits are the good ones.
inline std::size_t bucket_index(const void* address) noexcept {
    return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(address) * std::uint64_t{0x9E3779B97F4A7C15}) >>
                                    (64 - bucket_bits));
}

/// Whether sleepers on that address are counted: locks have an odd one (OwnerWord::key). All else sleeps on even ones,
/// and keeps a mark of its own instead.
inline bool is_counted(const void* address) noexcept { return (reinterpret_cast<std::uintptr_t>(address) & 1U) != 0; }

/// One for each bucket. Each begins at one, "somebody may sleep here", and is lowered to zero once it is known that
/// sleepers can run the asymmetric fence (src/platform/asymmetric_fence.hpp); where they cannot, it stays, and where
/// they no longer can, it is raised again.
extern THREADWISE_API constinit std::array<std::atomic<std::uint32_t>, bucket_count> sleepers;

inline std::atomic<std::uint32_t>& sleepers_on(const void* address) noexcept { return sleepers[bucket_index(address)]; }

}  // namespace threadwise::detail
