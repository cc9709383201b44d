#pragma once

/// \file
/// Whose turn it is at an InterpreterLock: the rules, as arithmetic on moments, without threads or clocks.
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
///     share * t - interval - a hand-over and a burst
///
/// and a returning thread that finds the bucket overdrawn waits for at most (a hand-over and a burst) / (1 - share).

#include <chrono>
#include <cstdint>

#include "platform/clock.hpp"

namespace threadwise::threading {

/// What a thread is to the policy.
enum class TurnKind : std::uint8_t {
    returning,  ///< it comes back from a wait
    computing,  ///< it has held the lock for a burst since its last wait
};

/// Not thread-safe: the caller holds a lock. Moments must not run backwards.
class TurnPolicy {
public:
    using Duration = std::chrono::nanoseconds;

    TurnPolicy(Duration interval, double computing_share) noexcept
        : interval_(interval), burst_(interval / 10), filling_(1 - computing_share) {}

    /// The lock has been promised to a thread that is yet to wake: what others may ask for depends on its kind, but it
    /// does not run.
    void promise(TurnKind kind, platform::Instant now) noexcept;
    /// A turn begins, or goes on after an interruption, having begun by then.
    void begin_turn(TurnKind kind, platform::Instant began) noexcept;
    void end_turn() noexcept { running_ = false; }

    TurnKind holder() const noexcept { return kind_; }
    /// For how long the present turn has lasted.
    Duration used(platform::Instant now) const noexcept { return now - began_; }
    /// If the holder is returning, and has used up its burst, it is computing from now on: true.
    bool demote(platform::Instant now) noexcept;
    /// Whether the computing holder's turn is over, so that it is the next one's.
    bool is_over(platform::Instant now) const noexcept { return used(now) >= interval_; }

    /// From when on the holder has to make way for a thread of that kind that is the next.
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

    /// When the bucket will be, or was, empty but not overdrawn, if nothing more is taken: what it holds is the time
    /// since then, times filling_.
    platform::Instant solvent_from_{};
    platform::Instant observed_{};
    bool deprived_ = false;  ///< since then computing threads wait, and none runs
};

}  // namespace threadwise::threading
