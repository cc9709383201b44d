#include "threadwise/semaphore.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "threading/synchronization/blocking_call.hpp"
#include "threading/synchronization/gate.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

/// The gate (contended.hpp) that a semaphore's word is. Its `has_waiters` bit says that somebody may sleep here; its
/// `woken` bit, that a designated waiter is awake. Both change under the bucket's lock, but for `woken`, which the
/// designated waiter also clears as it takes a permit.
///
/// release() may find another semaphore where its own lay, and then wakes a sleeper there for nothing, by the rules of
/// that one. So a waiter may take itself for the designated one, and clear a `woken` that is another's promise. That
/// costs a wake-up too many at most: the waiter that clears it takes a permit, and goes on to pass_on(), or has seen
/// that there is none, and the next thread that adds permits finds it cleared.
///
/// Invariant: while somebody sleeps, `has_waiters` is set; and if there are permits besides, `woken` is set, or
/// somebody is on the way to wake_next(). So every sleeper is woken eventually.
struct PermitGate {
    using Word = std::uint64_t;
    static constexpr Word has_waiters = detail::PermitWord::has_waiters;
    static constexpr Word woken = detail::PermitWord::woken;
    static constexpr Word one = detail::PermitWord::one;

    std::atomic<Word>& word;

    const void* key() const noexcept { return runtime::semaphore_key(word); }

    bool try_take(bool designated) const noexcept {
        Word old = word.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        while (old >= one) {
            // acquire: pairs with the release that added the permit.
            if (word.compare_exchange_weak(old, without_promise(old, designated) - one, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }

    struct Nothing {};
    Nothing count_sleeper() const noexcept { return {}; }  // `has_waiters` does that

    bool try_take_or_mark(bool designated) const noexcept {
        Word old = word.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        for (;;) {
            const Word kept = without_promise(old, designated);
            const Word next = old >= one ? kept - one : kept | has_waiters;
            // acquire: as in try_take(). The mark needs no order: the bucket's lock gives it.
            if (word.compare_exchange_weak(old, next, std::memory_order_acquire, std::memory_order_relaxed)) {
                return old >= one;
            }
        }
    }

    void pass_on() const {
        // relaxed: a thread that adds permits later looks for sleepers itself.
        const Word value = word.load(std::memory_order_relaxed);
        if (value >= one && (value & (has_waiters | woken)) == has_waiters) wake_next();
    }

    /// Gives permits to the first `n` sleepers, as far as there are any: all of them wake at once, each with its own.
    void hand_out(std::size_t n) const {
        runtime::unpark_some(key(), n, threading::handed_off, [this](std::size_t sleepers, bool more) {
            Word old = word.load(std::memory_order_relaxed);  // relaxed: the exchange decides
            for (;;) {
                const std::size_t given = std::min<Word>(sleepers, old / one);
                Word next = old - given * one;
                if (given == sleepers && !more) next &= ~has_waiters;
                // acquire and release: carries on what came with the permits.
                if (word.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_relaxed)) {
                    return given;
                }
            }
        });
    }

    /// Wakes sleepers for as long as there are permits and no designated waiter.
    void wake_next() const {
        while (runtime::unpark_one(key(), [this](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
            if (sleeper.record == nullptr) return std::nullopt;  // and the semaphore may be gone
            Word old = word.load(std::memory_order_relaxed);     // relaxed: the exchange decides
            for (;;) {
                Word next = old;
                const std::optional<std::uint32_t> token = choose(sleeper, next);
                // acquire and release: carries on what came with the permit.
                if (word.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_relaxed)) {
                    return token;
                }
            }
        })) {}
    }

    /// After a sleeper has given up: was it the last one?
    void unmark() const {
        runtime::unpark_one(key(), [this](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
            // relaxed: the bucket's lock orders it.
            if (sleeper.record == nullptr) word.fetch_and(~has_waiters, std::memory_order_relaxed);
            return std::nullopt;
        });
    }

private:
    static Word without_promise(Word value, bool designated) noexcept { return designated ? value & ~woken : value; }

    /// Whether to wake the first sleeper, with which token, and what the word becomes by it.
    static std::optional<std::uint32_t> choose(runtime::Sleeper sleeper, Word& value) noexcept {
        if (value < one || (value & woken) != 0) return std::nullopt;
        if (!sleeper.more) value &= ~has_waiters;
        const bool hand_over = sleeper.record->wait_node.entitled;
        value = hand_over ? value - one : value | woken;
        return hand_over ? threading::handed_off : threading::compete;
    }
};

std::uint64_t checked_value(std::int64_t value) {
    if (value < 0) throw ValueError("semaphore initial value must be >= 0, and not " + std::to_string(value));
    if (value > Semaphore::max()) throw ValueError("semaphore initial value must be at most Semaphore::max()");
    return static_cast<std::uint64_t>(value) * PermitGate::one;
}

}  // namespace

Semaphore::Semaphore(std::int64_t value) : word_(checked_value(value)) {}

bool Semaphore::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    if (blocking) return try_take() || wait_for_permit({}, timeout, where);
    if (!timeout.is_forever()) {
        throw ValueError("can't specify timeout for non-blocking acquire: pass blocking = true with it");
    }
    return try_take();
}

bool Semaphore::wait_for_permit(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (deadline <= platform::now()) return false;
    runtime::Waiting waiting(
        {.kind = runtime::WaitKind::semaphore, .object = this, .where = where, .deadline = deadline}, stop);
    const PermitGate gate{word_};
    const runtime::Wakeup wakeup = threading::acquire_contended(gate, waiting);
    if (wakeup != runtime::Wakeup::woken) gate.unmark();
    return threading::succeeded(wakeup, stop);
}

// One permit goes to the thread that is the quickest to take it, see gate.hpp. Several are handed out: the threads
// would have to wake one after another else.
void Semaphore::wake_waiters(std::int64_t n) {
    const PermitGate gate{word_};
    if (n > 1) gate.hand_out(static_cast<std::size_t>(n));
    gate.wake_next();
}

void Semaphore::release_many(std::int64_t n) {
    if (n < 1 || n > max()) refuse(n);
    const auto added = static_cast<std::uint64_t>(n) * one_permit;
    std::uint64_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if (is_too_much(old + added)) refuse(n);
        // release: as in release().
    } while (!word_.compare_exchange_weak(old, old + added, std::memory_order_release, std::memory_order_relaxed));
    if (must_wake(old, n)) wake_waiters(n);
}

void Semaphore::take_back(std::int64_t n) {
    // relaxed: nobody needs these permits, there are more than enough.
    word_.fetch_sub(static_cast<std::uint64_t>(n) * one_permit, std::memory_order_relaxed);
    refuse(n);
}

void Semaphore::refuse(std::int64_t n) {
    if (n < 1) throw ValueError("n must be one or more, and not " + std::to_string(n));
    throw ValueError("a semaphore holds at most Semaphore::max() permits: no room for " + std::to_string(n) + " more");
}

void BoundedSemaphore::release(std::int64_t n) {
    if (n < 1) Semaphore::refuse(n);
    const auto added = static_cast<std::uint64_t>(n);
    const auto bound = static_cast<std::uint64_t>(bound_);
    std::uint64_t old = semaphore_.word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if (added > bound || old / PermitGate::one > bound - added) {
            throw ValueError("Semaphore released too many times: it has " + std::to_string(old / PermitGate::one) +
                             " of at most " + std::to_string(bound_) + " permits, and was to get " + std::to_string(n) +
                             " more");
        }
        // release: as in Semaphore::release().
    } while (!semaphore_.word_.compare_exchange_weak(old, old + added * PermitGate::one, std::memory_order_release,
                                                     std::memory_order_relaxed));
    if (Semaphore::must_wake(old, n)) semaphore_.wake_waiters(n);
}

}  // namespace threadwise
