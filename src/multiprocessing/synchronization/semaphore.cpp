#include "threadwise/multiprocessing/semaphore.hpp"

#include <string>

#include "multiprocessing/synchronization/acquire.hpp"
#include "multiprocessing/synchronization/sleepers.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {

Semaphore::Semaphore(std::int64_t value) : value_(static_cast<std::uint32_t>(value)) {
    if (value < 0 || value > max()) {
        throw ValueError("semaphore initial value must be from 0 to " + std::to_string(max()) + ", and not " +
                         std::to_string(value));
    }
}

bool Semaphore::try_acquire() noexcept {
    std::uint32_t value = value_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    while (value != 0) {
        // acquire: pairs with release().
        if (value_.compare_exchange_weak(value, value - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

bool Semaphore::acquire(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    if (!blocking || deadline <= platform::now()) return try_acquire();
    return acquire(std::stop_token(), timeout, where);
}

bool Semaphore::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(true, timeout);
    if (try_acquire()) return true;
    runtime::Waiting waiting(site_of(runtime::WaitKind::semaphore, this, where, deadline), stop);
    if (waiting.spin(
            this, [this] { return try_acquire(); }, runtime::Pace::insistent))
        return true;
    while (!try_acquire()) {
        const runtime::Wakeup wakeup = sleep_counted(waiting, waiters_, {value_, 0});
        if (wakeup == runtime::Wakeup::woken) continue;
        if (try_acquire()) return true;  // also the permit that another wake-up was meant to bring
        return threading::succeeded(wakeup, stop);
    }
    return true;
}

void Semaphore::release(std::int64_t n, std::int64_t bound) {
    if (n < 1) throw ValueError("n must be one or more, and not " + std::to_string(n));
    std::uint32_t value = value_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if (n > bound - static_cast<std::int64_t>(value)) {
            throw ValueError("semaphore released too many times: it may have at most " + std::to_string(bound) +
                             " permits");
        }
    } while (!value_.compare_exchange_weak(value, value + static_cast<std::uint32_t>(n)));
    wake_counted(waiters_, value_, static_cast<int>(n));
}

}  // namespace threadwise::multiprocessing
