#pragma once
// Blocks and unblocks one thread.

#include <atomic>
#include <cstdint>

#include "platform/futex.hpp"
#include "platform/processes/shared_futex.hpp"

namespace threadwise::runtime {

/// One sleeper, any number of wakers.
///
/// Protocol. The owner calls reset(), lets others know that it will sleep (enqueues itself), then calls look() and
/// sleep() until notified. notify() is called at most once between two resets. kick() may be called at any time, from
/// a signal handler too: it only makes the owner look up.
class Parker {
public:
    enum class State : std::uint8_t { waiting, notified, kicked, timed_out };

    /// Owner only, before it lets others know.
    void reset() noexcept {
        // acq_rel: if a kick is lost here, what the kicker wrote before it is visible to the owner's next look at
        // its interrupt flag.
        word_.exchange(0, std::memory_order_acq_rel);
    }

    /// Ends the owner's sleep. After the word is set the owner may be gone: only its address is used from then on.
    void notify() noexcept { raise(notified_bit); }

    /// Makes the owner look up. Async-signal-safe.
    void kick() noexcept { raise(kicked_bit); }

    /// A waker's hint: whether the owner sleeps, rather than spins.
    bool is_asleep() const noexcept { return (word_.load(std::memory_order_relaxed) & asleep_bit) != 0; }

    /// A watcher's hint: whether something has happened that the owner has not looked at yet.
    bool has_news() const noexcept {
        return (word_.load(std::memory_order_relaxed) & (notified_bit | kicked_bit)) != 0;  // relaxed: a hint
    }

    /// Owner only: what has happened so far, without sleeping. Consumes a kick, unless there was a notification too.
    State look() noexcept {
        // acquire: pairs with raise(); the owner sees what its waker did before.
        const std::uint32_t word = word_.load(std::memory_order_acquire);
        if ((word & notified_bit) != 0) return State::notified;
        if ((word & kicked_bit) != 0) {
            word_.fetch_and(~kicked_bit, std::memory_order_acquire);
            return State::kicked;
        }
        return State::waiting;
    }

    /// Owner only: sleeps until something has happened or the deadline has passed. A signal handler that ran counts
    /// as a kick.
    State sleep(platform::Instant deadline) noexcept {
        return sleep_by([&] { return platform::futex_wait(word_, asleep_bit, deadline); });
    }

    /// The same, but also returns, as `waiting`, once a word in shared memory has been woken or does not hold what is
    /// expected, and sometimes for no reason.
    State sleep_beside(platform::AwaitedWord shared, platform::Instant deadline) noexcept {
        return sleep_by([&] { return platform::shared_futex_wait(shared, {word_, asleep_bit}, deadline); });
    }

private:
    /// | bits of word_ | meaning                              | set by   | cleared by              |
    /// |---------------|--------------------------------------|----------|-------------------------|
    /// | notified_bit  | the sleep is over                    | notify() | reset()                 |
    /// | kicked_bit    | the owner is to look up              | kick()   | look(), reset()         |
    /// | asleep_bit    | the owner sleeps, or is just about to | sleep()  | sleep(), as it returns  |
    static constexpr std::uint32_t notified_bit = 1;
    static constexpr std::uint32_t kicked_bit = 2;
    static constexpr std::uint32_t asleep_bit = 4;

    template <class Wait>
    State sleep_by(Wait wait) noexcept {
        // acq_rel: the waker that finds this bit wakes us; the one that came before it is found by the checks below.
        std::uint32_t word = word_.fetch_or(asleep_bit, std::memory_order_acq_rel) | asleep_bit;
        auto slept = platform::FutexResult::woken;
        if (word == asleep_bit) slept = wait();
        word_.fetch_and(~asleep_bit, std::memory_order_relaxed);  // relaxed: a hint; a needless wake does no harm
        const State state = look();
        if (state != State::waiting) return state;
        if (slept == platform::FutexResult::signalled) return State::kicked;
        if (slept == platform::FutexResult::timed_out) return State::timed_out;
        return State::waiting;
    }

    void raise(std::uint32_t bit) noexcept {
        // release: hands what the waker wrote (the lock, a token) to look(); acquire: part of the RMW, costs nothing.
        if ((word_.fetch_or(bit, std::memory_order_acq_rel) & asleep_bit) != 0) platform::futex_wake(&word_, 1);
    }

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace threadwise::runtime
