#pragma once
// When a thread that sleeps at the door looks for deadlocks.
//
// To arm a timer costs a sleep some 200 ns, so only a thread that may have closed a circle does: one that falls asleep
// while the owner of what it waits for sleeps already. That owner is looked up in a table of counts by ident: each
// thread whose wait can be in a circle counts itself there before it is queued, and until the sleep is over. Two
// threads may share a count: then a timer is armed in vain, which does no harm.
//
// No circle is missed. Each of its threads has counted itself before the sleep that it is in, and will not leave. Let
// L be the one that did so last (the counts are seq_cst, so there is one), and U the one that L waits for.
//
//  1. If a word, or L's own note, names U: it does since before U counted itself. For a word comes to name U only by
//     what U does before it falls asleep, or by what is done for U in an earlier sleep (see detector.cpp). L reads the
//     word after having counted itself, so it finds U, and then U's count, which is not 0. L arms its timer. (A count
//     has to be a full fence for that, as the word is another object. On x86-64 each read-modify-write is one.)
//  2. If U is one of those that keep L's object (a task group, a pool, a SharedLock that is read), L does not know it:
//     then L arms its timer anyway.
//  3. If L was notified in a condition's wait, and moved to the queue of the lock that U owns now: only a notifier that
//     holds the lock moves it there. So U took the lock later, when L was counted, and counted itself later still: L
//     was not the last.
//
// L does not wake before it looks: it is in the circle. It looks again after longer and longer pauses, since a look may
// meet a thread that is awake just for a moment. Nothing has to be handed on when a thread wakes, is interrupted or
// ends: a thread that leaves its sleep is in no circle. In a forked child the counts of the parent's threads stay:
// they cost timers, and hide nothing.

#include <atomic>
#include <cstdint>

#include "runtime/records/parking_table.hpp"
#include "runtime/records/thread_record.hpp"
#include "threadwise/detail/runtime/wait_parts.hpp"

namespace threadwise::runtime {

/// How long a sleep has lasted when its thread looks first; tests shorten it.
extern constinit std::atomic<std::int64_t> first_look_after;  // nanoseconds

/// Of one sleep: from before the thread queues itself until after it has left the queue. A thread that looks does so
/// half a second after it fell asleep, then after twice as long each time, up to a minute. The times go on in the next
/// sleep where both are parts of one wait.
class DeadlockWatch {
public:
    /// Counts the thread, if it can be in a circle and is to look for one: nothing else costs a program that ignores
    /// them.
    DeadlockWatch(const ThreadRecord& record, const WaitSite& site) noexcept;
    ~DeadlockWatch();
    DeadlockWatch(const DeadlockWatch&) = delete;
    DeadlockWatch& operator=(const DeadlockWatch&) = delete;

    /// Under the lock of the bucket in which the thread is queued now: decides whether it is to look.
    void begin(const Bucket& bucket) noexcept THREADWISE_REQUIRES(bucket.lock);

    /// When the thread is to look next.
    platform::Instant due() const noexcept { return times_->due; }
    void look() noexcept;

private:
    const WaitSite& site_;
    std::atomic<std::uint32_t>* count_ = nullptr;  ///< null: the thread is not counted
    detail::LookTimes own_;
    detail::LookTimes* times_ = &own_;  ///< those of the whole wait, where this is a part of one
};

}  // namespace threadwise::runtime
