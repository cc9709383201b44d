#pragma once
// Event: one process signals, others wait for it (Python: multiprocessing.Event).
//
// A flag in shared memory that is set or clear. wait() returns once it is set; a set() that comes while a thread waits
// ends that wait even if clear() follows at once. Nobody holds an event, so nobody's death leaves it in doubt; if a
// process is killed in the middle of set(), those that wait see the flag within half a second.
//
// Cost: 8 bytes, no allocation; is_set() is one load, set() without waiters two atomic operations.

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// May be used by all threads of all processes that share its memory. What happened before set() is visible to a thread
/// that sees the event set.
class Event {
public:
    constexpr Event() noexcept = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    bool is_set() const noexcept {
        // acquire: pairs with the release in set().
        return (word_.load(std::memory_order_acquire) & set_bit) != 0;
    }

    /// Sets the flag and wakes all threads that wait. Setting a set event does nothing.
    THREADWISE_API void set() noexcept;

    /// Clears the flag: from now on wait() waits.
    void clear() noexcept {
        // relaxed: clearing publishes nothing.
        word_.fetch_and(~set_bit, std::memory_order_relaxed);
    }

    /// Waits until the flag is set; true then, also when it has been cleared again since. False: not within `timeout`.
    /// Throws InterruptedError if interrupt() ends the wait.
    bool wait(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return is_set() || wait_slow({}, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    bool wait(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return is_set() || wait_slow(std::move(stop), timeout, where);
    }

private:
    static constexpr std::uint32_t set_bit = 1;
    static constexpr std::uint32_t one_pulse = 2;  ///< the bits from here on count how often the event became set

    THREADWISE_API bool wait_slow(std::stop_token stop, Timeout timeout, SourceLocation where);

    std::atomic<std::uint32_t> word_{0};
    std::atomic<std::uint32_t> waiters_{0};  ///< at least as many as sleep on the word
};

}  // namespace threadwise::multiprocessing
