#pragma once

/// \file
/// Barrier: threads that meet again and again (Python: docs.python.org/3/library/threading.html, "Barrier objects").
///
/// Each of a fixed number of threads calls wait(); when all have, all go on, and the barrier is ready for the next
/// meeting at once. If one of them cannot come (its timeout passes, abort() is called) the barrier is broken: everybody
/// gets BrokenBarrierError until reset() is called.
///
/// Cost: no allocation to wait. Of a meeting, one atomic addition a thread; those that wait spin while that has lately
/// paid, then sleep.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// Thread-safe. What a thread did before wait() is visible to all after it. Must not be destroyed while waited for.
class Barrier {
public:
    /// For `parties` threads. `action`, if there is one, is called in one of them at each meeting, when all have come
    /// and before any goes on; what it throws is thrown in that thread and breaks the barrier. `timeout` holds for
    /// wait() without one. Throws ValueError if `parties` is not from 1 to max().
    THREADWISE_API explicit Barrier(std::int64_t parties, std::function<void()> action = {}, Timeout timeout = forever);
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// The most threads that a barrier can be for.
    static constexpr std::int64_t max() noexcept { return UINT32_MAX; }

    /// Waits until all have come. Returns 0 to parties - 1, a different number to each, so that one can be chosen to
    /// do something. Throws BrokenBarrierError if the barrier is broken or reset meanwhile, or was broken already. If
    /// it is this thread's timeout that passes, or its stop token that is triggered, it is this thread that breaks it.
    /// Also if it is interrupted, but then it throws InterruptedError. Once all have come, none of the three has an
    /// effect: the thread waits until the action has ended, however long that takes.
    std::size_t wait(SourceLocation where = SourceLocation::current()) { return wait({}, timeout_, where); }
    std::size_t wait(Timeout timeout, SourceLocation where = SourceLocation::current()) {
        return wait({}, timeout, where);
    }
    std::size_t wait(std::stop_token stop, SourceLocation where = SourceLocation::current()) {
        return wait(std::move(stop), timeout_, where);
    }
    THREADWISE_API std::size_t wait(std::stop_token stop, Timeout timeout,
                                    SourceLocation where = SourceLocation::current());

    /// Back to empty and not broken. Threads that wait get BrokenBarrierError.
    THREADWISE_API void reset();

    /// Breaks the barrier: threads that wait, or call wait() from now on, get BrokenBarrierError.
    THREADWISE_API void abort();

    /// How many must come.
    std::size_t parties() const noexcept { return parties_; }
    /// How many had come a moment ago, and waited.
    THREADWISE_API std::size_t n_waiting() const noexcept;
    /// Whether it was broken a moment ago.
    bool broken() const noexcept { return state_.load(std::memory_order_acquire) == State::broken; }

private:
    enum class State : std::uint8_t {
        open,
        broken,
        resetting,  ///< reset, but threads of the broken meeting have yet to leave
    };
    enum class Outcome : std::uint8_t { open, released, broken };
    /// Which may be broken: those to which not all have come, or any.
    enum class Meetings : std::uint8_t { incomplete, any };
    struct Visit;

    Outcome look(std::uint64_t target) const noexcept;
    Outcome await(Visit& visit, std::uint64_t target);
    std::uint64_t enter(Visit& visit);
    void await_reopening(Visit& visit);
    void run_action(Visit& visit, std::uint64_t target);
    bool shut(State state, std::uint64_t target, Meetings which = Meetings::incomplete) noexcept;
    void leave() noexcept;
    void reopen() noexcept;
    void wake_all() noexcept;
    [[noreturn]] void fail();

    /// How many have come since the barrier was made, times one_arrival, and two bits:
    /// src/threading/synchronization/barrier.cpp.
    std::atomic<std::uint64_t> word_{0};
    const std::uint32_t parties_;
    std::atomic<State> state_{State::open};
    /// How many arrivals have been released, where that is not just what the word says.
    std::atomic<std::uint64_t> released_{0};
    /// Threads of a broken meeting that have yet to leave.
    std::uint64_t leaving_ = 0;
    const std::function<void()> action_;
    const Timeout timeout_;
};

}  // namespace threadwise
