#pragma once

/// \file
/// The slow path that locks and semaphores share: how to wait for something that others take and give back.
///
/// A releaser wakes one sleeper at a time, to compete: the designated waiter. Until it has succeeded, gone back to
/// sleep or given up, no other is woken. Newcomers may take what is free before the designated waiter does: that keeps
/// the throughput of a busy lock at that of an idle one. No thread starves by it: a waiter that was overtaken, and has
/// waited for `patience` in all, sleeps at the front of the queue as entitled, and is handed what it waits for by
/// the next one that releases it.

#include <chrono>
#include <concepts>
#include <cstdint>

#include "runtime/waiting/door.hpp"

namespace threadwise::threading {

/// For how long a waiter puts up with being overtaken.
inline constexpr std::chrono::microseconds patience{500};

/// What a releaser tells the sleeper that it wakes.
enum Token : std::uint32_t {
    compete = 0,     ///< you are the designated waiter: try to take it
    handed_off = 1,  ///< it is yours
};

/// What there is to wait for. `designated` says that the caller is the designated waiter, and ceases to be.
template <class Type>
concept Gate = requires(const Type& gate, bool designated) {
    /// The address to sleep on.
    { gate.key() } -> std::convertible_to<const void*>;
    /// Takes it if it is free.
    { gate.try_take(designated) } -> std::convertible_to<bool>;
    /// Counts the caller as a sleeper, for as long as the result lives: from before its last look at the gate.
    gate.count_sleeper();
    /// Takes it if it is free, and else leaves a mark for the releaser, in one step; under the bucket's lock.
    { gate.try_take_or_mark(designated) } -> std::convertible_to<bool>;
    /// After the designated waiter has taken: wakes the next one, if there is more to take.
    gate.pass_on();
};

// A wake-up that was meant for something that lay here before says `compete`: a waker hands off only to a thread that
// it knows to be a sleeper of this very gate (door.hpp, semaphore_key()).

/// Waits until the calling thread has taken it: `woken`; or `timed_out` or `interrupted`. `designated`: the caller has
/// been woken as the designated waiter already.
template <Gate G>
runtime::Wakeup acquire_contended(const G& gate, runtime::Waiting& waiting, bool designated = false) {
    using Claim = runtime::Waiting::Claim;
    for (bool overtaken = designated;; overtaken = designated = true) {
        auto try_take = [&] { return gate.try_take(designated); };
        bool taken = try_take() || waiting.spin(gate.key(), try_take, runtime::Pace::insistent);
        if (!taken) {
            const bool entitled = overtaken && platform::now() - waiting.since() > patience;
            [[maybe_unused]] const auto counted = gate.count_sleeper();
            const runtime::Wakeup wakeup = waiting.park(
                gate.key(), [&] { return !(taken = gate.try_take_or_mark(designated)); },
                entitled ? Claim::entitled : Claim::ordinary);
            if (!taken && (wakeup != runtime::Wakeup::woken || waiting.token() == handed_off)) return wakeup;
        }
        if (taken) {
            if (designated) gate.pass_on();
            return runtime::Wakeup::woken;
        }
    }
}

}  // namespace threadwise::threading
