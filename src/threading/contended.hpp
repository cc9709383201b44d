#pragma once
// The slow path that all locks and semaphores share: how to wait for a word to become available, and how to hand it on.
//
// The word of such a primitive has a `parked` bit: somebody may sleep on it; and a `woken` bit: a sleeper has been
// woken to compete for it (the designated waiter) and no other needs to be woken until it has succeeded, gone back to
// sleep or given up. Newcomers may take a free word before the designated waiter does: that keeps the throughput
// of a busy lock at that of an idle one. Nobody starves, since a waiter that lost so, and has waited for `patience`
// in all, sleeps at the front of the queue as entitled, and is handed the word by the next one who releases it.
//
// Invariant: while somebody sleeps on the word, `parked` is set; and if moreover the word is available, `woken` is set
// or a releaser is on its way through wake_next(). So every sleeper is woken eventually. Both bits change
// under the bucket's lock, but for `woken`, which the designated waiter also clears as it takes the word.
//
// A Policy says what the word means:
//   using Word;                          its unsigned type
//   static constexpr Word parked, woken; the two bits
//   std::atomic<Word>& word;
//   bool available(Word) const;          whether somebody may take from it
//   Word taken(Word) const;              after the calling thread has taken
//   Word handed(Word, const ThreadRecord&) const;   after the releaser has taken on that thread's behalf

#include <atomic>
#include <chrono>
#include <optional>

#include "runtime/door.hpp"

namespace threadwise::threading {

/// For how long a waiter puts up with being overtaken.
inline constexpr std::chrono::microseconds patience{500};

/// The tokens that wake a sleeper.
enum Token : std::uint32_t {
    compete = 0,      ///< you are the designated waiter: try to take it
    handed_over = 1,  ///< it is yours
};

/// Takes from the word if it is available. relaxed loads: the exchange decides. acquire: pairs with the release of
/// who made it available.
template <class Policy>
bool try_take(const Policy& policy, bool designated = false) noexcept {
    auto old = policy.word.load(std::memory_order_relaxed);
    while (policy.available(old)) {
        auto taken = policy.taken(old);
        if (designated) taken &= ~Policy::woken;
        if (policy.word.compare_exchange_weak(old, taken, std::memory_order_acquire, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/// Under the bucket's lock: whether to wake the first sleeper and with which token, and what the word is to become
/// then.
template <class Policy>
std::optional<std::uint32_t> choose(const Policy& policy, runtime::Sleeper sleeper, typename Policy::Word& word) {
    if (sleeper.record == nullptr) word &= ~Policy::parked;
    if (sleeper.record == nullptr || !policy.available(word) || (word & Policy::woken) != 0) return std::nullopt;
    if (!sleeper.more) word &= ~Policy::parked;
    if (sleeper.record->place.entitled) {
        word = policy.handed(word, *sleeper.record);
        return handed_over;
    }
    word |= Policy::woken;
    return compete;
}

/// Wakes sleepers for as long as the word is available and none of them is already on the way.
template <class Policy>
void wake_next(const Policy& policy) {
    bool again = true;
    while (again) {
        again = runtime::unpark_one(&policy.word, [&](runtime::Sleeper sleeper) {
            auto old = policy.word.load(std::memory_order_relaxed);
            for (;;) {
                auto next = old;
                const std::optional<std::uint32_t> token = choose(policy, sleeper, next);
                // release: carries on what made the word available to who takes it next.
                if (policy.word.compare_exchange_weak(old, next, std::memory_order_acq_rel,
                                                      std::memory_order_relaxed)) {
                    return token;
                }
            }
        });
    }
}

/// Whether wake_next() has anything to do.
template <class Policy>
bool must_wake(const Policy& policy, typename Policy::Word word) noexcept {
    return (word & (Policy::parked | Policy::woken)) == Policy::parked && policy.available(word);
}

/// Waits until the calling thread has taken from the word: `woken`; or `timed_out` or `interrupted`. `designated`: the
/// caller has been woken as the designated waiter already.
template <class Policy>
runtime::Wakeup acquire_contended(const Policy& policy, runtime::Waiting& waiting, bool designated = false) {
    using Word = typename Policy::Word;
    using runtime::Wakeup;
    bool overtaken = false;
    for (;;) {
        const bool was_designated = designated;
        bool acquired = waiting.spin(
            &policy.word, [&] { return try_take(policy, designated); }, runtime::Pace::patient);
        Wakeup wakeup = Wakeup::woken;
        if (!acquired) {
            const bool entitled = overtaken && platform::now() - waiting.since() > patience;
            wakeup = waiting.park(
                &policy.word,
                [&] {
                    Word old = policy.word.load(std::memory_order_relaxed);
                    for (;;) {
                        const bool available = policy.available(old);
                        Word next = available ? policy.taken(old) : old | Policy::parked;
                        if (designated) next &= ~Policy::woken;
                        // acquire: as in try_take(). Setting `parked` needs no order: the bucket's lock gives it.
                        if (policy.word.compare_exchange_weak(old, next, std::memory_order_acquire,
                                                              std::memory_order_relaxed)) {
                            acquired = available;
                            return !available;
                        }
                    }
                },
                entitled ? runtime::Waiting::Claim::entitled : runtime::Waiting::Claim::ordinary);
        }
        if (acquired) {
            // The designated waiter passes the wake-up on where there is more to take.
            // relaxed: who makes it available later looks for sleepers himself.
            if (was_designated && must_wake(policy, policy.word.load(std::memory_order_relaxed))) wake_next(policy);
            return Wakeup::woken;
        }
        if (wakeup != Wakeup::woken || waiting.token() == handed_over) return wakeup;
        designated = true;
        overtaken = true;
    }
}

}  // namespace threadwise::threading
