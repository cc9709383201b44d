// A deadlock is reported only if its waits and what they wait for were all true at one moment.
//
// The threads are looked at one after another, so a circle in what a look finds need not have existed: its waits may
// be of different moments. So each circle is confirmed by three looks at its threads, each of which begins when the one
// before is complete. The first look (A) is the one that found the circle; the second (B) reads the owners anew; the
// third (C) reads the waits anew. It is confirmed if in all three each thread sleeps in the same wait (the version of
// what it has written down has not changed) and B finds the same owners as A. Then:
//
//  1. From the end of A to the beginning of C each thread of the circle was in its wait without a break. It did nothing
//     else: it took nothing, released nothing, began and ended no call.
//  2. B was within that time. It found that thread T waits for an object whose word named U. A word comes to name U
//     only when U takes the object, or is handed it by the releaser while it waits for that very object, which takes it
//     out of the queue. U, by 1, did neither from the end of A on. So the word named U at the end of A already.
//  3. Hence at the end of A all waits and all owners of the circle were true together.
//  4. What a thread keeps waiting otherwise (Keeping, a SharedLock's reader slot) only that thread changes: by 1 it was
//     the same throughout.
//
// If nobody but its owner can end each of these waits, none of them has a deadline, and none can be stopped, then no
// thread of the circle can go on before the next one has: it is a deadlock for good, but for an interrupt(). Such a
// circle is called certain. One with a Lock in it, which any thread may release, or with a wait that stop can be
// requested of, is a suspected one.
//
// No deadlock is missed for long. The last thread of a circle to begin its wait looks, half a second later, when all
// the others sleep (watch.hpp says why it has a timer); or a look by another thread has begun in between, and has seen
// it. A thread that was awake for a moment, to look itself or for the turn at an InterpreterLock, hides its circle from
// that look alone: the caller comes again.

#include "runtime/deadlock/detector.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include "runtime/base/fork.hpp"
#include "runtime/deadlock/blocked_threads.hpp"
#include "runtime/deadlock/cycle_search.hpp"
#include "runtime/deadlock/report.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {
namespace {

constinit std::atomic<bool> looking{false};
/// When the last look began that found all threads settled.
constinit std::atomic<platform::Instant::rep> covered{0};

constinit std::atomic<std::uint64_t> looks{0};

/// In a forked child.
void forget_look() noexcept {
    looking = false;
    covered = 0;
}

[[maybe_unused]] const bool forgets = (at_fork_in_child(forget_look, ForkOrder::after_registry), true);

/// Calls `visit(thread, record)` for each thread of the circle that is still listed.
template <class Visit>
void for_each_of(SystemVector<BlockedThread>& by_ident, Visit visit) {
    registry::for_each([&](ThreadRecord& record) {
        const auto found =
            std::lower_bound(by_ident.begin(), by_ident.end(), record.ident,
                             [](const BlockedThread& thread, std::uint32_t ident) { return thread.ident < ident; });
        if (found != by_ident.end() && found->ident == record.ident) visit(*found, record);
    });
}

/// The looks B and C are this one. Whether all are in the same waits for the same owners.
bool is_unchanged(SystemVector<BlockedThread>& by_ident) {
    std::size_t same = 0;
    for_each_of(by_ident, [&](const BlockedThread& thread, ThreadRecord& record) {
        const auto now = look_at_blocked(record);
        if (now && is_same_wait(*now, thread)) ++same;
    });
    return same == by_ident.size();
}

std::int64_t name_of_wait(const WaitSite& site) noexcept { return site.since.time_since_epoch().count(); }

/// Marks the waits as reported; whether any had not been.
bool mark_reported(SystemVector<BlockedThread>& by_ident) {
    bool is_new = false;
    for_each_of(by_ident, [&](const BlockedThread& thread, ThreadRecord& record) {
        is_new |= record.reported_wait.exchange(name_of_wait(thread.site)) != name_of_wait(thread.site);
    });
    return is_new;
}

/// The next look is to report them again.
void unmark_reported(SystemVector<BlockedThread>& by_ident) {
    for_each_of(by_ident, [](const BlockedThread&, ThreadRecord& record) { record.reported_wait = 0; });
}

void confirm_and_report(const BlockedThreads& threads, const CycleSearch::Cycle& cycle) {
    SystemVector<BlockedThread> in_order;
    for (const std::size_t index : cycle.threads) in_order.push_back(threads[index]);
    SystemVector<BlockedThread> by_ident = in_order;
    std::sort(by_ident.begin(), by_ident.end(), [](const auto& a, const auto& b) { return a.ident < b.ident; });
    if (!is_unchanged(by_ident) || !is_unchanged(by_ident) || !mark_reported(by_ident)) return;
    if (!report_deadlock(in_order, cycle.tie)) unmark_reported(by_ident);
}

bool look_at_all() {
    looks.fetch_add(1, std::memory_order_relaxed);  // relaxed: just a number
    const platform::Instant began = platform::now();
    const BlockedThreads threads;
    CycleSearch search(threads);
    for (CycleSearch::Cycle cycle = search.next(); !cycle.threads.empty(); cycle = search.next()) {
        confirm_and_report(threads, cycle);
    }
    if (threads.is_unsettled()) return false;
    covered = began.time_since_epoch().count();
    return true;
}

}  // namespace

bool look_for_deadlocks(platform::Instant uncovered) noexcept {
    if (is_closing() || covered.load() > uncovered.time_since_epoch().count()) return true;
    if (looking.exchange(true)) return false;
    bool settled = true;
    try {
        settled = look_at_all();
    } catch (const std::bad_alloc&) {
        settled = false;  // the next look may find memory
    }
    looking = false;
    return settled;
}

std::uint64_t look_count() noexcept { return looks.load(std::memory_order_relaxed); }  // relaxed: just a number

}  // namespace threadwise::runtime
