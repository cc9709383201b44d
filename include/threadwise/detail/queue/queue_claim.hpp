#pragma once
// Which thread uses one end of a queue while it does not hold its lock.
//
// Under a queue's locks no code of the user's runs: it might use the queue, and wait for itself; or take long, or for
// ever, and others could neither time out nor be interrupted. Where such code has to run in the midst of an operation
// (an item's move, a comparison, an output iterator), the thread claims its side of the queue, lets the lock go, and
// takes it again to publish what it has done and to give the claim back. Others that come meanwhile find the side
// claimed under the lock, and wait for the claim as they would wait for an item: with their timeout, and to be seen in
// a dump. The claimant that comes itself, from within that code, is refused.

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/detail/queue/queue_sleepers.hpp"
#include "threadwise/detail/queue/queue_waiter.hpp"
#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

/// The claim to one side of a queue. 8 bytes.
class QueueClaim {
public:
    // With the side's lock held. relaxed throughout: that lock orders it.

    /// Whether a thread has it. One that a fork has left behind never gives it back, and so has it no more: at most the
    /// item that it was moving is lost with it.
    [[gnu::always_inline]] bool is_taken() noexcept {
        return holder_.load(std::memory_order_relaxed) != 0 && !free_if_lost();
    }
    /// By the calling thread, which has taken the lock and so has an ident.
    void take() noexcept { holder_.store(this_ident, std::memory_order_relaxed); }
    /// True: wake_one() is to be called, without the lock.
    [[nodiscard]] bool give_back() noexcept {
        holder_.store(0, std::memory_order_relaxed);
        return waiters_.must_wake();
    }

    // Without it.

    void wake_one() noexcept { waiters_.wake_one(); }

    /// What the threads wait for that found it taken; `lock` is the side's.
    QueueSide side(QueueLock& lock) noexcept {
        return {lock, waiters_,
                [](const void* claim) noexcept {
                    return static_cast<const QueueClaim*>(claim)->holder_.load(std::memory_order_relaxed) == 0;
                },
                this};
    }

    /// Throws RuntimeError if the calling thread itself has it: it would wait for itself.
    void refuse_reentry() const {
        // relaxed: about itself a thread knows.
        if (this_ident != 0 && holder_.load(std::memory_order_relaxed) == this_ident) [[unlikely]]
            refuse();
    }

    /// Waits until it is free, or seems to be. Nothing interrupts that. Throws as refuse_reentry().
    THREADWISE_API void await(QueueLock& lock, const void* queue, SourceLocation where);

private:
    THREADWISE_API bool free_if_lost() noexcept;
    [[noreturn]] THREADWISE_API static void refuse();

    std::atomic<std::uint32_t> holder_{0};
    QueueSleepers waiters_;
};

/// A call of a queue's function that could not do its work at once: waits, as often as needed, for what it is about.
class QueueCall {
public:
    /// It wants `side` to be ready, and the claim of `claim`; waits for both no longer than `timeout`, but for a claim
    /// as long as it takes if that is zero: others have it for moments, and then it is known whether the side is ready.
    QueueCall(QueueWaiter::Kind kind, QueueSide side, QueueSide claim, const void* queue, Timeout timeout,
              std::stop_token stop, SourceLocation where)
        : kind_(kind),
          side_(side),
          claim_(claim),
          queue_(queue),
          deadline_(timeout),
          patience_(timeout.duration().count() <= 0 ? forever : timeout),
          stop_(std::move(stop)),
          where_(where) {}

    /// After an attempt that ended so. True: try again. False: the time is over, or stop was requested. Throws
    /// InterruptedError, and RuntimeError if the calling thread itself has the claim.
    THREADWISE_API bool wait(Attempt attempt);

private:
    QueueWaiter::Kind kind_;
    QueueSide side_;
    QueueSide claim_;
    const void* queue_;
    Deadline deadline_;
    Timeout patience_;
    std::stop_token stop_;
    SourceLocation where_;
    // Until the call has succeeded: then they pass on a wake-up that was made for more than one.
    std::optional<QueueWaiter> waiter_;
    std::optional<QueueWaiter> claim_waiter_;
};

}  // namespace threadwise::detail
