#include "threadwise/condition.hpp"

#include <optional>

#include "threading/contended.hpp"
#include "threading/owner_gate.hpp"
#include "threading/wait_result.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {

using runtime::WaitKind;

const Condition::Operations Condition::lock_operations = {
    .lock = [](void* lock, SourceLocation where) { static_cast<Lock*>(lock)->lock(where); },
    .unlock = [](void* lock) { static_cast<Lock*>(lock)->unlock(); },
    .acquire = [](void* lock, bool blocking, Timeout timeout,
                  SourceLocation where) { return static_cast<Lock*>(lock)->acquire(blocking, timeout, where); },
    .is_owned = [](void* lock) { return static_cast<Lock*>(lock)->locked(); },  // a Lock has no owner: as Python
    .word = [](void* lock) { return &static_cast<Lock*>(lock)->word_; },
    .count = [](void*) -> std::uint32_t* { return nullptr; },
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

/// Gives up the lock for the length of a wait, and takes it again in the same wait.
struct Condition::Reacquire {
    Condition& condition;
    runtime::Waiting& waiting;
    SourceLocation where;
    std::uint32_t count = 0;

    void release() {
        if (std::uint32_t* const taken_again = condition.operations_->count(condition.lock_)) {
            count = *taken_again;
            *taken_again = 0;
        }
        condition.operations_->unlock(condition.lock_);
    }

    void acquire(runtime::Wakeup wakeup) {
        if (detail::OwnerWord* const word = condition.operations_->word(condition.lock_)) {
            acquire_word(*word, wakeup);
        } else {
            condition.operations_->lock(condition.lock_, where);
        }
        if (count != 0) *condition.operations_->count(condition.lock_) = count;
    }

    void acquire_word(detail::OwnerWord& word, runtime::Wakeup wakeup) {
        // Who was moved to the lock's queue has been woken by a release of the lock, as any other waiter there.
        const bool from_queue = wakeup == runtime::Wakeup::woken && waiting.requeued();
        const detail::OwnerGate gate{word, waiting.record().ident};
        if (from_queue && waiting.token() == threading::handed_over) return gate.accept();
        if (gate.try_take(from_queue)) return;
        const bool over_rlock = condition.operations_ == &rlock_operations;
        waiting.turn_to({.kind = over_rlock ? WaitKind::rlock : WaitKind::lock,
                         .object = condition.lock_,
                         .owner_word = &word.value(),
                         .where = where});
        threading::acquire_contended(gate, waiting, from_queue);
        gate.accept();
    }
};

bool Condition::wait(Timeout timeout, SourceLocation where) { return wait({}, timeout, where); }

bool Condition::wait(std::stop_token stop, Timeout timeout, SourceLocation where) {
    if (!operations_->is_owned(lock_)) {
        throw RuntimeError("cannot wait on un-acquired lock: acquire the condition first");
    }
    runtime::Waiting waiting(
        {.kind = WaitKind::condition, .object = this, .where = where, .deadline = runtime::deadline_after(timeout)},
        stop);
    Reacquire lock{*this, waiting, where};
    // relaxed, and no read-modify-write: it changes, and notify() reads it, only with the lock held.
    waiters_.store(waiters_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    struct Leave {
        std::atomic<std::size_t>& waiters;
        ~Leave() { waiters.store(waiters.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed); }
    } const leave{waiters_};

    const runtime::Wakeup wakeup = waiting.park_and_spin(
        this, [] { return true; }, [&] { lock.release(); });
    lock.acquire(wakeup);
    return threading::succeeded(wakeup, stop);
}

void Condition::notify(std::size_t n) {
    if (!operations_->is_owned(lock_)) {
        throw RuntimeError("cannot notify on un-acquired lock: acquire the condition first");
    }
    if (waiters_.load(std::memory_order_relaxed) == 0) return;
    if (!move_to_lock(n)) runtime::unpark(this, n, [] {});
}

bool Condition::move_to_lock(std::size_t n) {
    detail::OwnerWord* const word = operations_->word(lock_);
    if (word == nullptr) return false;
    // Only by its holder: it will find them when it frees the lock. That leaves out a notify() by a thread other than
    // the holder, which a Lock, having no owner, must let pass.
    if (word->holder() != detail::this_ident) return false;
    // Who still spins is told at once: that costs less than to move him, and he will spin for the lock, too.
    const bool told = runtime::unpark_one(this, [](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record == nullptr || sleeper.record->parker.is_asleep()) return std::nullopt;
        return threading::compete;
    });
    if (told) --n;
    if (n != 0) runtime::requeue(this, word->key(), n);
    return true;
}

void Condition::refuse_acquire() {
    throw RuntimeError("this condition's lock has no such way to acquire it: it is not Lockable or not TimedLockable");
}

}  // namespace threadwise
