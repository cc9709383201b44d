#pragma once
// How many transfers are worth having at once, found by trying.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "threadwise/lock.hpp"

namespace command {

/// Begins with a few, and doubles them for as long as that brings more in the same time. When it does not, goes back to
/// the best number, and tries a quarter more every few seconds, because networks change. Servers in trouble halve it.
/// Any thread may call its functions.
class Concurrency {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::size_t first = 4;
    static constexpr std::size_t most = 128;

    /// `fixed`: the number is given; 0: it is to be found.
    explicit Concurrency(std::size_t fixed, Clock::time_point now = Clock::now());

    /// How many transfers may be under way.
    std::size_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }

    /// A transfer has brought a whole file.
    void note_file() noexcept { files_.fetch_add(1, std::memory_order_relaxed); }

    /// A server has refused, or broken, a connection.
    void note_trouble(Clock::time_point now = Clock::now());

    /// Looks at what has come since the last change. `received` is the number of bytes in all so far; `in_demand` says
    /// whether as many transfers were under way as there may be. Call it now and then.
    void look(std::uint64_t received, bool in_demand, Clock::time_point now = Clock::now());

private:
    void judge(double rate, Clock::time_point now);
    void set_limit(std::size_t limit);

    const bool fixed_;
    // Relaxed: a hint, read by itself. What comes of an old value is a transfer more or less for a moment.
    std::atomic<std::size_t> limit_;
    std::atomic<std::uint64_t> files_ = 0;

    threadwise::Lock lock_;  ///< guards all below
    std::uint64_t work_at_begin_ = 0;
    std::uint64_t files_at_begin_ = 0;
    Clock::time_point begin_;
    Clock::time_point next_try_;  ///< no growth before
    double best_rate_ = 0;
    std::size_t best_limit_;
    bool growing_ = true;  ///< by doubling
    bool trying_ = false;  ///< a little more than the best
};

}  // namespace command
