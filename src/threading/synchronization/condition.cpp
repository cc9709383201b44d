#include "threadwise/condition.hpp"

#include <mutex>
#include <optional>
#include <string>

#include "runtime/records/life.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threading/synchronization/gate.hpp"
#include "threading/synchronization/owner_gate.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {

using runtime::WaitKind;

namespace {

/// The wait, at `address`, of the only waiter: notify() only has to clear `spinner`.
runtime::Wakeup wait_alone(runtime::Waiting& waiting, const void* address, std::atomic<runtime::ThreadRecord*>& spinner,
                           runtime::FunctionRef<void()> release_lock) {
    runtime::ThreadRecord* const self = &waiting.record();
    // relaxed: notify() reads it with the lock held.
    spinner.store(self, std::memory_order_relaxed);
    release_lock();
    // acquire, here and below: pairs with the exchange of a thread that notifies without the lock.
    if (waiting.spin(
            address, [&] { return spinner.load(std::memory_order_acquire) != self; }, runtime::Pace::moderate)) {
        return runtime::Wakeup::refused;
    }
    // Under the bucket's lock: a notify() that finds no spinner any more finds a sleeper.
    return waiting.park(address, [&] {
        runtime::ThreadRecord* expected = self;
        return spinner.compare_exchange_strong(expected, nullptr, std::memory_order_acquire);
    });
}

/// Takes a lock where the caller relies on having it: an interrupt() does not end that wait, but the thread's next one.
void take_uninterrupted(runtime::FunctionRef<void()> take) {
    bool interrupted = false;
    for (bool taken = false; !taken;) {
        try {
            take();
            taken = true;
        } catch (const InterruptedError&) {
            interrupted = true;
        } catch (const DeadlockError&) {  // reported, and nothing can be done about it here: waits on
        }
    }
    if (interrupted) runtime::interrupt(runtime::this_record());
}

}  // namespace

const Condition::Operations Condition::lock_operations = {
    .lock = [](void* lock, SourceLocation where) { static_cast<Lock*>(lock)->lock(where); },
    .unlock = [](void* lock) { static_cast<Lock*>(lock)->unlock(); },
    .acquire = [](void* lock, bool blocking, Timeout timeout,
                  SourceLocation where) { return static_cast<Lock*>(lock)->acquire(blocking, timeout, where); },
    .is_owned = [](void* lock) { return static_cast<Lock*>(lock)->locked(); },  // a Lock has no owner: as Python
    .word = [](void* lock) { return &static_cast<Lock*>(lock)->word_; },
    .count = [](void*) -> std::atomic<std::uint32_t>* { return nullptr; },
};

const Condition::Operations Condition::rlock_operations = {
    .lock = [](void* lock, SourceLocation where) { static_cast<RLock*>(lock)->lock(where); },
    .unlock = [](void* lock) { static_cast<RLock*>(lock)->unlock(); },
    .acquire = [](void* lock, bool blocking, Timeout timeout,
                  SourceLocation where) { return static_cast<RLock*>(lock)->acquire(blocking, timeout, where); },
    .is_owned = [](void* lock) { return static_cast<RLock*>(lock)->is_owned(); },
    .word = [](void* lock) { return &static_cast<RLock*>(lock)->word_; },
    .count = [](void* lock) { return &static_cast<RLock*>(lock)->count_; },
};

Condition::Condition() noexcept : lock_(&own_lock_), operations_(&rlock_operations) {}
Condition::Condition(Lock& lock) noexcept : lock_(&lock), operations_(&lock_operations) {}
Condition::Condition(RLock& lock) noexcept : lock_(&lock), operations_(&rlock_operations) {}

/// The Lock or RLock that a wait gives up for its length, and takes again.
struct Condition::Held {
    detail::OwnerWord& word;
    std::atomic<std::uint32_t>* taken_again;  ///< an RLock's count; null for a Lock
    const void* object;
    std::uint32_t count = 0;

    static Held of(const Operations& operations, void* lock) {
        return {*operations.word(lock), operations.count(lock), lock};
    }

    WaitKind kind() const noexcept { return taken_again != nullptr ? WaitKind::rlock : WaitKind::lock; }

    void release() {
        // relaxed, here and in acquire(): the lock is ours.
        if (taken_again != nullptr) {
            count = taken_again->load(std::memory_order_relaxed);
            taken_again->store(0, std::memory_order_relaxed);
        }
        word.release();
    }

    void acquire(runtime::Waiting& waiting, runtime::Wakeup wakeup, SourceLocation where) {
        if (runtime::locks_are_followed()) {
            // To take it back is no new order: the waiter had it already.
            const runtime::FollowedLock lock =
                detail::OwnerGate::follow(word, {.kind = kind(), .object = object, .where = where});
            acquire_word(waiting, wakeup, where);
            runtime::note_taken(lock);
        } else {
            acquire_word(waiting, wakeup, where);
        }
        if (taken_again != nullptr) taken_again->store(count, std::memory_order_relaxed);
    }

private:
    void acquire_word(runtime::Waiting& waiting, runtime::Wakeup wakeup, SourceLocation where) {
        // A waiter that was moved to the lock's queue was woken by a release of the lock, as any other waiter there.
        const bool from_queue = wakeup == runtime::Wakeup::woken && waiting.requeued();
        const detail::OwnerGate gate{word, waiting.record().ident};
        if (from_queue && waiting.token() == threading::handed_off) return gate.accept();
        if (gate.try_take(from_queue)) return;
        waiting.turn_to({.kind = kind(), .object = object, .owner_word = &word.value(), .where = where});
        threading::acquire_contended(gate, waiting, from_queue);
        gate.accept();
    }
};

bool Condition::wait(Timeout timeout, SourceLocation where) { return wait({}, timeout, where); }

bool Condition::wait(std::stop_token stop, Timeout timeout, SourceLocation where) {
    if (!operations_->is_owned(lock_)) {
        throw RuntimeError("cannot wait on un-acquired lock: acquire the condition first");
    }
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (operations_->word(lock_) != nullptr) {
        Held lock = Held::of(*operations_, lock_);
        return wait_over(lock, stop, deadline, where);
    }
    // What another lock does to unlock and lock, it may do at the door: not in the middle of a wait of ours. So that
    // wait is over our own lock, which notify() takes, too.
    take_uninterrupted([this] { own_lock_.lock(); });
    std::unique_lock inner(own_lock_, std::adopt_lock);
    operations_->unlock(lock_);
    Held lock = Held::of(rlock_operations, &own_lock_);
    const auto take_back = [&] {
        inner.unlock();
        take_uninterrupted([&] { operations_->lock(lock_, where); });
    };
    bool notified = false;
    try {
        notified = wait_over(lock, stop, deadline, where);
    } catch (const InterruptedError&) {
        take_back();
        throw;
    }
    take_back();
    return notified;
}

bool Condition::wait_over(Held& lock, const std::stop_token& stop, std::chrono::steady_clock::time_point deadline,
                          SourceLocation where) {
    runtime::Waiting waiting(
        {.kind = WaitKind::condition,
         .object = this,
         .where = where,
         .deadline = deadline,
         .retakes = {.kind = lock.kind(), .object = lock.object, .owner_word = &lock.word.value()}},
        stop);
    // relaxed, here and in notify(): only the holder of the lock learns something from it.
    const std::size_t others = waiters_.fetch_add(1, std::memory_order_relaxed);
    auto release = [&] { lock.release(); };
    // There are no spurious wake-ups: nobody wakes there but notify(), and this condition is alive while it does.
    const void* const key = runtime::exact_key(this);
    const runtime::Wakeup wakeup = others == 0 ? wait_alone(waiting, key, spinner_, release)
                                               : waiting.park_and_spin(
                                                     key, [] { return true; }, release);
    lock.acquire(waiting, wakeup, where);
    // A waiter that was cleared from `spinner` while it spun is not counted any more.
    if (wakeup != runtime::Wakeup::refused) waiters_.fetch_sub(1, std::memory_order_relaxed);
    return threading::succeeded(wakeup, stop);
}

void Condition::wake(std::size_t n) {
    if (!operations_->is_owned(lock_)) {
        throw RuntimeError("cannot notify on un-acquired lock: acquire the condition first");
    }
    if (detail::OwnerWord* const word = operations_->word(lock_)) return notify_over(*word, n);
    take_uninterrupted([this] { own_lock_.lock(); });
    const std::scoped_lock inner(std::adopt_lock, own_lock_);
    notify_over(*rlock_operations.word(&own_lock_), n);
}

void Condition::notify_over(detail::OwnerWord& word, std::size_t n) {
    if (n == 0 || waiters_.load(std::memory_order_relaxed) == 0) return;
    const bool holds_lock = word.holder() == detail::this_ident;
    const void* const key = runtime::exact_key(this);
    // release: what was done before happens before the wait returns. Without a look first, which would ask the
    // spinner's core for the cache line twice.
    if (const runtime::ThreadRecord* const told = spinner_.exchange(nullptr, std::memory_order_release)) {
        waiters_.fetch_sub(1, std::memory_order_relaxed);
        // A waiter left behind by fork() uses up no notification. The lock keeps the others here.
        const bool is_here = !holds_lock || runtime::life_of(*told) != runtime::Life::finished;
        if (is_here && --n == 0) return;
    }
    if (!holds_lock) {
        // A Lock has no owner, so a thread may pass that does not hold it. But only the holder will find sleepers in
        // the lock's queue when it frees the lock: they have to be woken instead.
        runtime::unpark(key, n, [] {});
        return;
    }
    // A waiter that still spins is told at once: that costs less than to requeue it, and it will spin for the lock.
    const bool told = runtime::unpark_one(key, [](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record == nullptr || sleeper.record->parker.is_asleep()) return std::nullopt;
        return threading::compete;
    });
    if (told) --n;
    if (n != 0) runtime::requeue(key, word.key(), n);
}

void Condition::refuse_count(std::ptrdiff_t n) {
    throw ValueError("notify() wakes none, one or more threads, and not " + std::to_string(n));
}

void Condition::refuse_acquire() {
    throw RuntimeError("this condition's lock has no such way to acquire it: it is not Lockable or not TimedLockable");
}

}  // namespace threadwise
