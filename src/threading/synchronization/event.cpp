#include "threadwise/event.hpp"

#include <utility>

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"

namespace threadwise {

void Event::set() {
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    std::uint32_t next = 0;
    do {
        // An event that is set already is written all the same: what happened before this call, too, is to reach who
        // sees the event set.
        next = (old & set_bit) != 0 ? old : ((old & ~has_waiters) + one_pulse) | set_bit;
        // release: pairs with is_set() and with the loads in wait_slow().
    } while (!word_.compare_exchange_weak(old, next, std::memory_order_release, std::memory_order_relaxed));
    if ((old & set_bit) == 0 && (old & has_waiters) != 0) runtime::unpark_all(this);
}

bool Event::wait_slow(std::uint32_t pulses, std::stop_token stop, Timeout timeout, SourceLocation where) {
    // A pulse, set() and clear() in a row, changes the count: it is not missed by a waiter that polls too rarely to see
    // the flag.
    auto pulsed = [this, pulses] {
        // acquire: pairs with the release in set().
        const std::uint32_t word = word_.load(std::memory_order_acquire);
        return (word & set_bit) != 0 || word / one_pulse != pulses;
    };
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (pulsed()) return true;
    if (deadline <= platform::now()) return false;

    runtime::Waiting waiting({.kind = runtime::WaitKind::event, .object = this, .where = where, .deadline = deadline},
                             stop);
    if (waiting.spin(this, pulsed)) return true;
    for (;;) {
        const runtime::Wakeup wakeup = waiting.park(this, [&] {
            // acquire: if it turns out that there is no need to sleep, set() must be seen whole. Marking needs no
            // order: set() finds the mark, or the mark's exchange finds the pulse.
            return (word_.fetch_or(has_waiters, std::memory_order_acquire), !pulsed());
        });
        // A set() from before this wait, cleared again since, may have got as far as waking sleepers only now.
        if (wakeup == runtime::Wakeup::woken && !pulsed()) continue;
        return threading::succeeded(wakeup, stop);
    }
}

}  // namespace threadwise
