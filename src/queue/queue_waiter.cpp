#include "threadwise/detail/queue/queue_waiter.hpp"

#include <mutex>
#include <optional>
#include <utility>

#include "queue/head_start.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/waiting/door.hpp"
#include "runtime/waiting/spinning.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {
namespace {

enum Token : std::uint32_t { one_of_all = 0, the_designated_one = 1 };

runtime::WaitKind wait_kind(QueueWaiter::Kind kind) noexcept {
    switch (kind) {
        case QueueWaiter::Kind::put: return runtime::WaitKind::queue_put;
        case QueueWaiter::Kind::join: return runtime::WaitKind::queue_join;
        case QueueWaiter::Kind::get: break;
    }
    return runtime::WaitKind::queue_get;
}

}  // namespace

void refuse_timeout() { throw ValueError("the timeout of a queue's function must not be negative"); }

void QueueSleepers::wake_one() noexcept {
    runtime::unpark_one(this, [this](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        // Under the bucket's lock, as the validation in wait(): a thread that is marked as asleep but not queued
        // yet will find the mark gone and try again. relaxed: that lock, or the side's, orders all that matters.
        if (sleeper.record == nullptr) {
            word_.fetch_and(~has_waiters, std::memory_order_relaxed);
            return std::nullopt;
        }
        if ((word_.fetch_or(woken, std::memory_order_relaxed) & woken) != 0) return std::nullopt;
        if (!sleeper.more) word_.fetch_and(~has_waiters, std::memory_order_relaxed);
        return the_designated_one;
    });
}

void QueueSleepers::wake_all() noexcept {
    // relaxed: as in wake_one()
    runtime::unpark(this, SIZE_MAX, [this] { word_.fetch_and(~has_waiters, std::memory_order_relaxed); });
}

void QueueSleepers::add_waiter() noexcept {
    const std::uint32_t here = runtime::fork_depth() * fork;
    // relaxed: the side's lock orders it, or it does not matter here, see wake_one().
    if ((word_.load(std::memory_order_relaxed) & ~(has_waiters | woken)) != here) {
        word_.store(here | has_waiters, std::memory_order_relaxed);
    } else {
        word_.fetch_or(has_waiters, std::memory_order_relaxed);
    }
}

QueueWaiter::QueueWaiter(Kind kind, QueueSide side, const void* queue, Timeout timeout, std::stop_token stop,
                         SourceLocation where)
    : kind_(kind),
      side_(side),
      queue_(queue),
      deadline_(runtime::deadline_after(timeout)),
      stop_(std::move(stop)),
      where_(where) {}

QueueWaiter::~QueueWaiter() {
    if (!designated_) return;
    side_.lock.lock();
    // relaxed: the word changes under the lock, or so that it does not matter here, see wake_one().
    const std::uint32_t old = side_.sleepers.word_.fetch_and(~QueueSleepers::woken, std::memory_order_relaxed);
    const bool wake = (old & QueueSleepers::has_waiters) != 0 && side_.ready(side_.storage);
    side_.lock.unlock();
    if (wake) side_.sleepers.wake_one();
}

bool QueueWaiter::wait() {
    if (stop_.stop_requested()) return false;
    if (deadline_ != platform::never && deadline_ <= platform::now()) return false;
    // On a busy machine the turn at the core would come back much later.
    if (runtime::may_spin(runtime::this_record())) side_.fast ? head_start() : short_head_start();
    if (side_.ready(side_.storage)) return true;
    runtime::Waiting waiting({.kind = wait_kind(kind_), .object = queue_, .where = where_, .deadline = deadline_},
                             stop_);
    auto ready = [this] { return side_.ready(side_.storage); };
    if (waiting.spin(&side_.sleepers, ready, runtime::Pace::patient) || !enqueue()) return true;
    const runtime::Wakeup wakeup = waiting.park(&side_.sleepers, [this] {
        // relaxed: under the bucket's lock, see wake_one().
        return (side_.sleepers.word_.load(std::memory_order_relaxed) & QueueSleepers::has_waiters) != 0;
    });
    if (wakeup == runtime::Wakeup::refused) return true;
    if (!threading::succeeded(wakeup, stop_)) return false;
    designated_ = waiting.token() == the_designated_one;
    return true;
}

/// False: there is no need to sleep. True: the thread that changes that will look for sleepers.
bool QueueWaiter::enqueue() {
    const std::lock_guard hold(side_.lock);
    if (side_.ready(side_.storage)) return false;
    // relaxed: as in the destructor. A thread that was woken in vain is no longer designated; there is nothing to pass
    // on.
    if (std::exchange(designated_, false)) {
        side_.sleepers.word_.fetch_and(~QueueSleepers::woken, std::memory_order_relaxed);
    }
    side_.sleepers.add_waiter();
    return true;
}

}  // namespace threadwise::detail
