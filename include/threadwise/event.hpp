#pragma once
// Event: one thread signals, others wait for it (Python: threading.Event).
//
// A flag that is set or clear. wait() returns once it is set; a set() that comes while a thread waits ends that wait
// even if clear() follows at once. Cost: 4 bytes, no allocation; is_set() is one load, set() and clear() one atomic
// operation. set() wakes the waiters without making them queue for anything.

#include <atomic>
#include <cstdint>

#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// Thread-safe. What happened before set() is visible to a thread that sees the event set. Must not be destroyed while
/// waited for.
class Event {
public:
    constexpr Event() noexcept = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    bool is_set() const noexcept {
        // acquire: pairs with the release in set().
        return (word_.load(std::memory_order_acquire) & set_bit) != 0;
    }

    /// Sets the flag and wakes all that wait. Setting a set event does nothing.
    THREADWISE_API void set();

    /// Clears the flag: from now on wait() waits.
    void clear() noexcept {
        // relaxed: clearing publishes nothing.
        word_.fetch_and(~set_bit, std::memory_order_relaxed);
    }

    /// Waits until the flag is set; true then, also when it has been cleared again since. False: not within `timeout`.
    /// Throws InterruptedError if interrupt() ends the wait.
    bool wait(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return is_set() || wait_slow(pulses(), {}, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    bool wait(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return is_set() || wait_slow(pulses(), std::move(stop), timeout, where);
    }

    /// How often the event has become set by now, modulo 2^30: for wait_after().
    std::uint32_t pulses() const noexcept {
        // acquire: as is_set().
        return word_.load(std::memory_order_acquire) / one_pulse;
    }

    /// The same as wait(), and ends with true also if the event has become set since pulses() was asked, even if it is
    /// clear again: so a wait that is interrupted and taken up again misses nothing in between.
    bool wait_after(std::uint32_t pulses, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return is_set() || wait_slow(pulses, {}, timeout, where);
    }

private:
    /// | bits of word_ | meaning                          | set by                           | cleared by             |
    /// |---------------|----------------------------------|----------------------------------|------------------------|
    /// | set_bit       | the flag                         | set()                            | clear()                |
    /// | has_waiters   | a thread may sleep               | a waiter, under the bucket's     | set(), which wakes all |
    /// |               |                                  | lock                             |                        |
    /// | the others    | how often it became set, modulo  | set(): +1 if it was clear        | never                  |
    /// |               | 2^30                             |                                  |                        |
    static constexpr std::uint32_t set_bit = 1;
    static constexpr std::uint32_t has_waiters = 2;
    static constexpr std::uint32_t one_pulse = 4;

    THREADWISE_API bool wait_slow(std::uint32_t pulses, std::stop_token stop, Timeout timeout, SourceLocation where);

    std::atomic<std::uint32_t> word_{0};
};

static_assert(sizeof(Event) <= 8);

}  // namespace threadwise
