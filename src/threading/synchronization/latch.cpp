#include "threadwise/latch.hpp"

#include <string>

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {

Latch::Latch(std::int64_t count) : word_(static_cast<std::uint32_t>(count) * one) {
    if (count < 0 || count > max()) {
        throw ValueError("a latch's count must be from 0 to Latch::max(), and not " + std::to_string(count));
    }
}

void Latch::count_down(std::int64_t n) {
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    std::uint32_t next = 0;
    do {
        if (n < 0 || n > old / one) {
            throw ValueError("a latch whose count is " + std::to_string(old / one) + " cannot count down by " +
                             std::to_string(n));
        }
        next = old - static_cast<std::uint32_t>(n) * one;
        // release: pairs with try_wait(), also from the count_downs before, as exchanges carry a release on.
    } while (!word_.compare_exchange_weak(old, next, std::memory_order_release, std::memory_order_relaxed));
    // The latch may be gone by now: only its address is used.
    if (next < one && (old & has_waiters) != 0) runtime::unpark_all(this);
}

bool Latch::wait_slow(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (deadline <= platform::now()) return false;
    runtime::Waiting waiting({.kind = runtime::WaitKind::latch, .object = this, .where = where, .deadline = deadline},
                             stop);
    if (waiting.spin(this, [this] { return try_wait(); })) return true;
    for (;;) {
        const runtime::Wakeup wakeup = waiting.park(this, [this] {
            // acquire: if the count is zero by now, as try_wait(). Otherwise the count_down that makes it zero comes
            // later and finds the mark.
            return word_.fetch_or(has_waiters, std::memory_order_acquire) >= one;
        });
        if (try_wait()) return true;
        if (wakeup != runtime::Wakeup::woken) return threading::succeeded(wakeup, stop);
        // The wake-up was meant for a latch that lay here before: its last count_down() got as far only now.
    }
}

}  // namespace threadwise
