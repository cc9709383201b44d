#pragma once
// Adapts the number of concurrent transfers to the throughput that they reach.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "threadwise/lock.hpp"

namespace command {

/// Starts with a few transfers, and doubles the limit as long as the throughput grows. Then it goes back to the best
/// limit, and tries a quarter more every few seconds, as networks change. Connections that servers refuse or break
/// halve it. Any thread may call its functions.
class Concurrency {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::size_t first = 4;
    static constexpr std::size_t most = 128;

    /// `fixed` is the limit; 0: it is adapted.
    explicit Concurrency(std::size_t fixed, Clock::time_point now = Clock::now());

    /// How many transfers may be under way.
    std::size_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }

    /// Called when a transfer has completed a file.
    void note_file() noexcept { files_.fetch_add(1, std::memory_order_relaxed); }

    /// Called when a server has refused or broken a connection.
    void note_trouble(Clock::time_point now = Clock::now());

    /// Adapts the limit to the throughput since the last change; to be called regularly. `received` is the total number
    /// of bytes so far; `in_demand` says whether the limit was reached.
    void look(std::uint64_t received, bool in_demand, Clock::time_point now = Clock::now());

private:
    void judge(double rate, Clock::time_point now);
    void set_limit(std::size_t limit);

    const bool fixed_;
    // relaxed: nothing is concluded about other data. An old value means a transfer more or less for a moment.
    std::atomic<std::size_t> limit_;
    std::atomic<std::uint64_t> files_ = 0;

    threadwise::Lock lock_;  ///< guards all below
    std::uint64_t work_at_begin_ = 0;
    std::uint64_t files_at_begin_ = 0;
    Clock::time_point begin_;
    Clock::time_point next_try_;  ///< the limit does not grow before
    double best_rate_ = 0;
    std::size_t best_limit_;
    bool growing_ = true;  ///< whether it still doubles
    bool trying_ = false;  ///< whether a limit above the best is being tried
};

}  // namespace command
