#pragma once
// Barrier: threads of several processes that meet again and again (Python: multiprocessing.Barrier).
//
// Each of a fixed number of threads calls wait(); when all have, all go on, and the barrier is ready for the next
// meeting at once. If one of them cannot come (its timeout passes, abort() is called) the barrier is broken: everybody
// gets BrokenBarrierError until reset() is called.
//
// A process that is killed before it comes is one that does not come: give a timeout. Killed while it waits, it has
// come. Killed while it changes the barrier, it breaks it: the others get BrokenBarrierError within half a second.
//
// There is no action, as a function of one process is none in another: let the thread whose wait() returns 0 act.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "threadwise/detail/multiprocessing/synchronization/robust_word.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// May be used by all threads of all processes that share its memory. What a thread did before wait() is visible to all
/// after it.
class Barrier {
public:
    /// For `parties` threads; `timeout` holds for wait() without one. Throws ValueError if `parties` is not from 1 to
    /// max().
    THREADWISE_API explicit Barrier(std::int64_t parties, Timeout timeout = forever);
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// The most threads that a barrier can be for.
    static constexpr std::int64_t max() noexcept { return UINT32_MAX; }

    /// Waits until all have come. Returns 0 to parties - 1, a different number to each. Throws BrokenBarrierError if
    /// the barrier is broken or reset meanwhile, or was broken already. If it is this thread's timeout that passes, or
    /// its stop token that is triggered, it is this thread that breaks it. Also if it is interrupted, but then it
    /// throws InterruptedError. A thread that sleeps through two resets takes its meeting as reset, even if all had
    /// come.
    std::size_t wait(SourceLocation where = SourceLocation::current()) { return wait({}, Timeout(timeout_), where); }
    std::size_t wait(Timeout timeout, SourceLocation where = SourceLocation::current()) {
        return wait({}, timeout, where);
    }
    THREADWISE_API std::size_t wait(std::stop_token stop, Timeout timeout,
                                    SourceLocation where = SourceLocation::current());

    /// Back to empty and not broken. Threads that wait get BrokenBarrierError.
    THREADWISE_API void reset(SourceLocation where = SourceLocation::current());

    /// Breaks the barrier: threads that wait, or call wait() from now on, get BrokenBarrierError.
    THREADWISE_API void abort(SourceLocation where = SourceLocation::current());

    /// How many must come.
    std::size_t parties() const noexcept { return parties_; }
    /// How many had come a moment ago, and waited. relaxed, both: snapshots.
    std::size_t n_waiting() const noexcept { return broken() ? 0 : arrived_.load(std::memory_order_relaxed); }
    /// Whether it was broken a moment ago.
    bool broken() const noexcept { return broken_.load(std::memory_order_relaxed); }

private:
    enum class Outcome : std::uint8_t { open, complete, broken };
    class Section;
    /// What a waiter notes when it comes.
    struct Arrival {
        std::uint64_t completed;
        std::uint64_t resets;
    };

    Outcome look(const Arrival& arrival) const noexcept;
    Outcome give_up(const Arrival& arrival, SourceLocation where);

    detail::RobustWord lock_;  ///< held for each change of what follows
    std::uint32_t parties_;
    std::atomic<std::uint32_t> arrived_{0};
    std::atomic<bool> broken_{false};
    std::atomic<std::uint64_t> completed_{0};  ///< meetings
    std::atomic<std::uint64_t> resets_{0};
    std::atomic<std::uint64_t> completed_at_reset_{0};  ///< meetings, when it was reset last
    std::atomic<std::uint32_t> changes_{0};             ///< what waiters sleep on
    std::atomic<std::uint32_t> waiters_{0};             ///< at least as many as sleep
    std::chrono::nanoseconds timeout_;
};

}  // namespace threadwise::multiprocessing
