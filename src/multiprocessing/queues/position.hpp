#pragma once
// How far one side of a ring has come: a count in shared memory, on which threads of other processes sleep.
//
// | bits | meaning |
// |---|---|
// | 0 | `has_waiters`: threads may be asleep until the count changes |
// | 1 to 31 | the count, modulo 2^31 |
//
// No wake-up is lost: a waiter sets the bit and sleeps only while the word holds the count that it has seen, with the
// bit; a change of the count returns the bit. Whoever finds the bit set wakes one waiter, and clears it once nobody is
// asleep: so a waiter that was killed costs one system call, not one for each change to come.

#include <atomic>
#include <climits>
#include <cstdint>

#include "platform/processes/shared_futex.hpp"
#include "runtime/waiting/door.hpp"

namespace threadwise::multiprocessing {

class Position {
public:
    static constexpr std::uint32_t mask = (1U << 31U) - 1;

    std::uint32_t count() const noexcept {
        // acquire: pairs with advance(): what was written before is seen.
        return word_.load(std::memory_order_acquire) >> 1U;
    }

    /// How many steps this one is ahead of `other`.
    std::uint32_t ahead_of(const Position& other) const noexcept {
        // The other one first: it does not overtake this one, so the difference is not negative.
        const std::uint32_t count_of_other = other.count();
        return (count() - count_of_other) & mask;
    }

    /// One more. True: call wake().
    bool advance() noexcept { return (word_.fetch_add(one) & has_waiters) != 0; }

    /// One more than `from`, if that is the count. `waiters`: call wake().
    bool advance_from(std::uint32_t from, bool& waiters) noexcept {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        while (seen >> 1U == from) {
            waiters = (seen & has_waiters) != 0;
            if (word_.compare_exchange_weak(seen, seen + one)) return true;
        }
        return false;
    }

    /// Wakes up to so many waiters.
    void wake(int most) noexcept {
        if (platform::shared_futex_wake(&word_, most) > 0) return;
        std::uint32_t seen = word_.load();
        if ((seen & has_waiters) == 0 || !word_.compare_exchange_strong(seen, seen & ~has_waiters)) return;
        // Those that fell asleep between the two lines above have no bit any more.
        platform::shared_futex_wake(&word_, INT_MAX);
    }

    /// Sleeps while the count is that. `woken` may come for no reason: the caller looks again.
    runtime::Wakeup sleep_while(runtime::Waiting& waiting, std::uint32_t count) {
        std::uint32_t seen = word_.load();
        if (seen >> 1U != count) return runtime::Wakeup::woken;
        if ((seen & has_waiters) == 0 && !word_.compare_exchange_strong(seen, seen | has_waiters)) {
            return runtime::Wakeup::woken;
        }
        return waiting.sleep_shared({word_, seen | has_waiters});
    }

private:
    static constexpr std::uint32_t has_waiters = 1;
    static constexpr std::uint32_t one = 2;

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace threadwise::multiprocessing
