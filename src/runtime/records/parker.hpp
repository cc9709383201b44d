#pragma once
// Blocks and unblocks one thread.

#include <atomic>
#include <cstdint>

#include "platform/futex.hpp"
#include "platform/processes/descriptor_wait.hpp"
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

    /// Makes the owner look up; the parker has to be there still. Async-signal-safe.
    void kick() noexcept {
        if ((raise(kicked_bit) & on_descriptor_bit) != 0) waker_.wake();
    }

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

    /// The same beside a descriptor. Nobody notifies a thread that sleeps so: it can only be kicked.
    State sleep_beside(platform::AwaitedDescriptor awaited, platform::Instant deadline) noexcept {
        waker_.prepare();
        // acq_rel: whoever kicks from now on sees the waker's descriptor, too.
        word_.fetch_or(on_descriptor_bit, std::memory_order_acq_rel);
        const State state = sleep_by([&] { return waker_.wait(awaited, deadline); }, asleep_bit | on_descriptor_bit);
        // relaxed: the next kick wakes by the futex or by a descriptor that is still open; both are in vain.
        word_.fetch_and(~on_descriptor_bit, std::memory_order_relaxed);
        return state;
    }

private:
    /// | bits of word_ | meaning                              | set by   | cleared by              |
    /// |---------------|--------------------------------------|----------|-------------------------|
    /// | notified_bit  | the sleep is over                    | notify() | reset()                 |
    /// | kicked_bit    | the owner is to look up              | kick()   | look(), reset()         |
    /// | asleep_bit    | the owner sleeps, or is just about to | sleep()  | sleep(), as it returns  |
    /// | on_descriptor | the owner sleeps in poll(), not on   | the descriptor's sleep_beside() both     |
    /// | _bit          | the word                             |          |                         |
    static constexpr std::uint32_t notified_bit = 1;
    static constexpr std::uint32_t kicked_bit = 2;
    static constexpr std::uint32_t asleep_bit = 4;
    static constexpr std::uint32_t on_descriptor_bit = 8;

    /// `undisturbed`: the word with which it is right to sleep.
    template <class Wait>
    State sleep_by(Wait wait, std::uint32_t undisturbed = asleep_bit) noexcept {
        // acq_rel: the waker that finds this bit wakes us; the one that came before it is found by the checks below.
        std::uint32_t word = word_.fetch_or(asleep_bit, std::memory_order_acq_rel) | asleep_bit;
        auto slept = platform::FutexResult::woken;
        if (word == undisturbed) slept = wait();
        word_.fetch_and(~asleep_bit, std::memory_order_relaxed);  // relaxed: a hint; a needless wake does no harm
        const State state = look();
        if (state != State::waiting) return state;
        if (slept == platform::FutexResult::signalled) return State::kicked;
        if (slept == platform::FutexResult::timed_out) return State::timed_out;
        return State::waiting;
    }

    /// What the word was before.
    std::uint32_t raise(std::uint32_t bit) noexcept {
        // release: hands what the waker wrote (the lock, a token) to look(); acquire: part of the RMW, costs nothing.
        const std::uint32_t before = word_.fetch_or(bit, std::memory_order_acq_rel);
        if ((before & asleep_bit) != 0) platform::futex_wake(&word_, 1);
        return before;
    }

    std::atomic<std::uint32_t> word_{0};
    platform::DescriptorWaker waker_;
};

}  // namespace threadwise::runtime
