#pragma once

/// \file
/// The scheduling policy of an InterpreterLock, as arithmetic on points in time, without threads or clocks.
///
/// A feedback queue of two levels (Corbató, Daggett and Daley, "An experimental time-sharing system", 1962). A thread
/// that takes the lock after a wait is *returning*. Once it has held it for a burst (a tenth of the switch interval)
/// while others waited, it is *computing*, until its next wait. Returning threads go first, in the order in which they
/// came; computing ones take turns of a switch interval.
///
/// What the returning ones may take from the computing ones is bounded by a token bucket. It fills by (1 - share) of
/// the time, up to one switch interval, and whatever time passes while computing threads wait and none of them runs is
/// taken from it; a hold is charged for no longer than a burst, because beyond that its holder is a computing thread
/// itself. Returning threads go first only while the bucket is not overdrawn. So in any stretch of time t that
/// computing threads want for themselves, they have the lock for at least
///
///     share * t - interval - a hand-off and a burst
///
/// and a returning thread that finds the bucket overdrawn waits for at most (a hand-off and a burst) / (1 - share).

#include <chrono>
#include <cstdint>

#include "platform/clock.hpp"

namespace threadwise::threading {

/// What a thread is to the policy.
enum class TurnKind : std::uint8_t {
    returning,  ///< it comes back from a wait
    computing,  ///< it has held the lock for a burst since its last wait
};

/// Not thread-safe: the caller holds a lock. Successive calls must not pass earlier times.
class TurnPolicy {
public:
    using Duration = std::chrono::nanoseconds;

    TurnPolicy(Duration interval, double computing_share) noexcept
        : interval_(interval), burst_(interval / 10), filling_(1 - computing_share) {}

    /// The lock has been granted to a thread that has yet to wake up: due() goes by its kind already, but it is not
    /// running.
    void promise(TurnKind kind, platform::Instant now) noexcept;
    /// A turn begins, or continues after an interruption; `began` is when it would have begun without one.
    void begin_turn(TurnKind kind, platform::Instant began) noexcept;
    void end_turn() noexcept { running_ = false; }

    TurnKind holder() const noexcept { return kind_; }
    /// How long the current turn has lasted.
    Duration used(platform::Instant now) const noexcept { return now - began_; }
    /// Makes a returning holder that has used up its burst a computing one; whether it did.
    bool demote(platform::Instant now) noexcept;
    /// Whether the turn of the computing holder is over.
    bool is_over(platform::Instant now) const noexcept { return used(now) >= interval_; }

    /// When the holder has to make way for the next waiter, which is of that kind.
    platform::Instant due(TurnKind waiter) const noexcept;
    /// Whether returning threads go before computing ones.
    bool returning_first(platform::Instant now) const noexcept { return now >= solvent_from_; }

    /// To be called after each change: charges for the time since the last call if computing threads waited then, and
    /// none of them ran.
    void observe(platform::Instant now, bool computing_waits) noexcept;

    Duration burst() const noexcept { return burst_; }

private:
    Duration interval_;
    Duration burst_;
    double filling_;  ///< of the bucket, in each unit of time

    TurnKind kind_ = TurnKind::returning;
    bool running_ = false;
    platform::Instant began_{};

    /// When the bucket becomes, or became, exactly empty if nothing more is taken. It holds the time since then, times
    /// filling_.
    platform::Instant solvent_from_{};
    platform::Instant observed_{};
    bool deprived_ = false;  ///< since observed_ computing threads have waited and none has run
};

}  // namespace threadwise::threading
