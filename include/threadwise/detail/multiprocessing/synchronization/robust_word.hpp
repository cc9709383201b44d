#pragma once

/// \file
/// The word that locks across processes are made of: which thread holds it, and whether the last holder died.
///
/// | value | meaning |
/// |---|---|
/// | 0 | free |
/// | a thread's number (30 bits) | that thread holds it |
/// | `died_bit` alone | free, but its last holder died, and what it guards is in doubt |
/// | both | held by a thread that knows of the doubt; it stays when the word is released |
/// | `waiters_bit` besides | somebody may sleep on it |

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

    /// Takes it for the calling thread if it is free and not in doubt. `waiters`: it is marked as slept on.
    THREADWISE_API Take try_take(bool waiters = false) noexcept;

    /// Takes it if it is free and in doubt. The doubt stays if `keep_doubt`.
    THREADWISE_API bool try_take_in_doubt(bool keep_doubt) noexcept;

    /// The calling thread, which holds it, has mended what it guards: the doubt is over.
    void end_doubt() noexcept {
        // relaxed: published by the release.
        word_.fetch_and(~died_bit, std::memory_order_relaxed);
    }

    /// Frees it and wakes one sleeper. False, and nothing happens: the calling thread does not hold it.
    THREADWISE_API bool release() noexcept;

    /// Marks it as slept on, if it is held; what it holds then, or 0: there is no need to sleep.
    THREADWISE_API std::uint32_t mark_waiters() noexcept;

    THREADWISE_API bool is_held_by_this_thread() const noexcept;
    bool is_held() const noexcept { return (look() & holder_bits) != 0; }
    bool is_in_doubt() const noexcept { return (look() & died_bit) != 0; }

    /// A snapshot. relaxed: only about itself can a thread conclude something from it.
    std::uint32_t look() const noexcept { return word_.load(std::memory_order_relaxed); }

    /// What waiters sleep on.
    const std::atomic<std::uint32_t>& word() const noexcept { return word_; }

private:
    std::atomic<std::uint32_t> word_{0};
    std::array<std::uint32_t, 5> unused_{};  ///< libc's part of a mutex
    std::array<void*, 2> links_{};           ///< the holder's alone
};

static_assert(sizeof(RobustWord) == 24 + 2 * sizeof(void*));

}  // namespace threadwise::multiprocessing::detail
