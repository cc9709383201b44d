#pragma once

/// \file
/// Once and call_once: do something the first time, and only then (C++: `std::call_once`, [thread.once]; Python has
/// none).
///
/// Where a function's static variable will not do: the flag is a member, the call may fail and be tried again, or a
/// dump should show who waits for whom.
///
/// Cost: 4 bytes, no allocation; when done, call_once is one load.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise {

class Once;

/// Calls `callable()` if no call on this Once has succeeded yet; waits while another thread's call is under way. If the
/// callable throws, the exception goes to this caller, and the next one, perhaps already waiting, tries again. Throws
/// RuntimeError if called from within the callable, InterruptedError if interrupt() ends the wait.
template <std::invocable Callable>
void call_once(Once& once, Callable&& callable, SourceLocation where = SourceLocation::current());

/// Whether something has been done. Thread-safe. May be destroyed as soon as a call_once has returned.
class Once {
public:
    constexpr Once() noexcept = default;
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;

    /// Whether a call has succeeded. What it did is visible then.
    bool is_done() const noexcept {
        // acquire: pairs with the release in finish().
        return word_.load(std::memory_order_acquire) == done;
    }

private:
    template <std::invocable Callable>
    friend void call_once(Once& once, Callable&& callable, SourceLocation where);

    /// | word_              | meaning                          | set by                                        |
    /// |--------------------|----------------------------------|-----------------------------------------------|
    /// | 0                  | neither done nor under way       | at first, and finish() after a failure        |
    /// | ident              | that thread calls the callable   | begin(), from 0                               |
    /// | ident, has_waiters | the same, and a thread may sleep | a waiter, under the bucket's lock             |
    /// | done               | done for good                    | finish(); it wakes all if has_waiters was set |
    static constexpr std::uint32_t has_waiters = 1U << 30;
    static constexpr std::uint32_t done = 1U << 31;

    /// True: the caller is to do it, and to call finish(). False: it has been done.
    THREADWISE_API bool begin(SourceLocation where);
    THREADWISE_API void finish(bool succeeded) noexcept;

    std::atomic<std::uint32_t> word_{0};
};

static_assert(sizeof(Once) <= 8);

template <std::invocable Callable>
void call_once(Once& once, Callable&& callable, SourceLocation where) {
    if (once.is_done() || !once.begin(where)) return;
    struct Attempt {
        Once& once;
        bool succeeded = false;
        ~Attempt() { once.finish(succeeded); }
    } attempt{once};
    std::invoke(std::forward<Callable>(callable));
    attempt.succeeded = true;
}

}  // namespace threadwise
