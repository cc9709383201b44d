#include "threadwise/semaphore.hpp"

#include <string>
#include <utility>

#include "threading/contended.hpp"
#include "threading/wait_result.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

/// The meaning of a semaphore's word to contended.hpp: the permits above its two bits.
struct Permits {
    using Word = std::uint64_t;
    static constexpr Word parked = 1;
    static constexpr Word woken = 2;
    static constexpr Word one = 4;

    std::atomic<Word>& word;

    bool available(Word value) const noexcept { return value >= one; }
    Word taken(Word value) const noexcept { return value - one; }
    Word handed(Word value, const runtime::ThreadRecord&) const noexcept { return value - one; }
};

std::uint64_t checked_value(std::int64_t value) {
    if (value < 0) throw ValueError("semaphore initial value must be >= 0, and not " + std::to_string(value));
    if (value > Semaphore::max()) throw ValueError("semaphore initial value must be at most Semaphore::max()");
    return static_cast<std::uint64_t>(value) * Permits::one;
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
    return threading::succeeded(threading::acquire_contended(Permits{word_}, waiting), stop);
}

void Semaphore::wake_waiters() {
    const Permits permits{word_};
    // relaxed: who takes the permits meanwhile, or goes to sleep for lack of them, has seen the word as it is.
    if (threading::must_wake(permits, word_.load(std::memory_order_relaxed))) threading::wake_next(permits);
}

void Semaphore::refuse(std::int64_t n) {
    if (n < 1) throw ValueError("n must be one or more, and not " + std::to_string(n));
    throw ValueError("a semaphore holds at most Semaphore::max() permits; cannot release " + std::to_string(n));
}

void BoundedSemaphore::release(std::int64_t n) {
    if (n < 1) Semaphore::refuse(n);
    const auto added = static_cast<std::uint64_t>(n);
    const auto bound = static_cast<std::uint64_t>(bound_);
    std::uint64_t old = semaphore_.word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if (added > bound || old / Permits::one > bound - added) {
            throw ValueError("Semaphore released too many times: it has " + std::to_string(old / Permits::one) +
                             " of at most " + std::to_string(bound_) + " permits, and was to get " + std::to_string(n) +
                             " more");
        }
        // release: as in Semaphore::release().
    } while (!semaphore_.word_.compare_exchange_weak(old, old + added * Permits::one, std::memory_order_release,
                                                     std::memory_order_relaxed));
    if ((old & Semaphore::waiter_bits) != 0) semaphore_.wake_waiters();
}

}  // namespace threadwise
