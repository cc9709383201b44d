#pragma once

/// \file
/// Where a thread notes which SharedLocks it holds to read. Others read it, too: see
/// src/threading/synchronization/shared_lock.cpp.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// One cache line for each thread: to note something there costs no other thread a cache miss. The address of a lock
/// says which slot is for it; of two locks that share a slot, a thread can note only one at a time.
struct alignas(64) ReaderSlots {
    static constexpr std::size_t count_bits = 3;
    std::array<std::atomic<std::uintptr_t>, std::size_t{1} << count_bits> slots{};

    std::atomic<std::uintptr_t>& of(const void* lock) noexcept {
        const std::uint64_t hash = reinterpret_cast<std::uintptr_t>(lock) * std::uint64_t{0x9E3779B97F4A7C15};
        return slots[static_cast<std::size_t>(hash >> (64 - count_bits))];
    }
};

/// The calling thread's, or null until it has touched the library. initial-exec: as this_ident.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API ReaderSlots* this_reader_slots;

}  // namespace threadwise::detail
