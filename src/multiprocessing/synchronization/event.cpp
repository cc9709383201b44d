#include "threadwise/multiprocessing/event.hpp"

#include <climits>

#include "multiprocessing/synchronization/acquire.hpp"
#include "multiprocessing/synchronization/sleepers.hpp"
#include "threading/synchronization/blocking_call.hpp"

namespace threadwise::multiprocessing {

void Event::set() noexcept {
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    // An event that is set already is written all the same: what happened before this call, too, is to reach who sees
    // the event set.
    while (!word_.compare_exchange_weak(old, (old & set_bit) != 0 ? old : (old + one_pulse) | set_bit)) {}
    wake_counted(waiters_, word_, INT_MAX);
}

bool Event::wait_slow(std::stop_token stop, Timeout timeout, SourceLocation where) {
    // acquire, as in the loop: pairs with set().
    const std::uint32_t first = word_.load(std::memory_order_acquire);
    const auto has_been_set = [&](std::uint32_t word) {
        return (word & set_bit) != 0 || word / one_pulse != first / one_pulse;
    };
    std::uint32_t word = first;
    const auto look = [&] { return has_been_set(word = word_.load(std::memory_order_acquire)); };
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (look()) return true;
    if (deadline <= platform::now()) return false;

    runtime::Waiting waiting(site_of(runtime::WaitKind::event, this, where, deadline), stop);
    if (waiting.spin(this, look)) return true;
    while (!look()) {
        const runtime::Wakeup wakeup = sleep_counted(waiting, waiters_, {word_, word});
        if (wakeup != runtime::Wakeup::woken && !look()) return threading::succeeded(wakeup, stop);
    }
    return true;
}

}  // namespace threadwise::multiprocessing
