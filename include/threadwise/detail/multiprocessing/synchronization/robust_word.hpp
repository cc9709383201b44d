#pragma once

/// \file
/// The word of a lock that processes share. It says which thread holds the lock, and whether a holder has died (as
/// EOWNERDEAD does for a robust pthread mutex): what the lock guards is then "in doubt".
///
/// | value | meaning |
/// |---|---|
/// | 0 | free |
/// | the kernel's id of a thread (30 bits) | held by that thread |
/// | `died_bit` alone | free, in doubt: its last holder died |
/// | id and `died_bit` | held, still in doubt: release() keeps the bit unless end_doubt() was called |
/// | `waiters_bit` besides | threads may be waiting |

#include <array>
#include <atomic>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::multiprocessing::detail {

/// 40 bytes, laid out as the kernel and libc want it: src/platform/processes/robust_list.hpp.
class RobustWord {
public:
    enum class Take : std::uint8_t {
        taken,
        held,      ///< by some thread
        in_doubt,  ///< free, but the last holder died
    };

    static constexpr std::uint32_t holder_bits = (1U << 30) - 1;
    static constexpr std::uint32_t died_bit = 1U << 30;
    static constexpr std::uint32_t waiters_bit = 1U << 31;

    constexpr RobustWord() noexcept = default;
    RobustWord(const RobustWord&) = delete;
    RobustWord& operator=(const RobustWord&) = delete;

    /// Takes it for the calling thread if it is free and not in doubt. `waiters`: sets `waiters_bit`, too.
    THREADWISE_API Take try_take(bool waiters = false) noexcept;

    /// Takes it for the calling thread if it is free and in doubt. The doubt ends unless `keep_doubt`.
    THREADWISE_API bool try_take_in_doubt(bool keep_doubt) noexcept;

    /// Ends the doubt. Called by the holder once what the lock guards is consistent again.
    void end_doubt() noexcept {
        // relaxed: release() publishes it.
        word_.fetch_and(~died_bit, std::memory_order_relaxed);
    }

    /// Frees it and wakes one waiter. False, without an effect, if the calling thread does not hold it.
    THREADWISE_API bool release() noexcept;

    /// Sets `waiters_bit` if the word is held, and returns its value: what to sleep on. 0 if it is free.
    THREADWISE_API std::uint32_t mark_waiters() noexcept;

    THREADWISE_API bool is_held_by_this_thread() const noexcept;
    bool is_held() const noexcept { return (look() & holder_bits) != 0; }
    bool is_in_doubt() const noexcept { return (look() & died_bit) != 0; }

    /// A snapshot. relaxed: it is certain only whether the calling thread holds the word.
    std::uint32_t look() const noexcept { return word_.load(std::memory_order_relaxed); }

    /// What waiters sleep on.
    const std::atomic<std::uint32_t>& word() const noexcept { return word_; }

private:
    std::atomic<std::uint32_t> word_{0};
    std::array<std::uint32_t, 5> unused_{};  ///< members that a mutex of libc has here
    std::array<void*, 2> links_{};           ///< of libc's robust list; used by the holder only
};

static_assert(sizeof(RobustWord) == 24 + 2 * sizeof(void*));

}  // namespace threadwise::multiprocessing::detail
