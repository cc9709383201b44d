#include "threadwise/multiprocessing/condition.hpp"

#include <climits>
#include <string>

#include "multiprocessing/synchronization/acquire.hpp"
#include "multiprocessing/synchronization/sleepers.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {

Condition::Condition() noexcept : Condition(&own_, Kind::rlock) {}
Condition::Condition(Lock& lock) noexcept : Condition(&lock, Kind::lock) {}
Condition::Condition(RLock& lock) noexcept : Condition(&lock, Kind::rlock) {}

Condition::Condition(void* lock, Kind kind) noexcept
    : offset_(static_cast<std::byte*>(lock) - reinterpret_cast<std::byte*>(this)), kind_(kind) {}

Lock& Condition::as_lock() noexcept { return *reinterpret_cast<Lock*>(reinterpret_cast<std::byte*>(this) + offset_); }
RLock& Condition::as_rlock() noexcept {
    return *reinterpret_cast<RLock*>(reinterpret_cast<std::byte*>(this) + offset_);
}

detail::RobustWord& Condition::word() noexcept { return kind_ == Kind::lock ? as_lock().word_ : as_rlock().word_; }

bool Condition::acquire(bool blocking, Timeout timeout, SourceLocation where) {
    return kind_ == Kind::lock ? as_lock().acquire(blocking, timeout, where)
                               : as_rlock().acquire(blocking, timeout, where);
}

void Condition::release() {
    if (kind_ == Kind::lock) {
        as_lock().release();
    } else {
        as_rlock().release();
    }
}

bool Condition::recover(SourceLocation where) {
    return kind_ == Kind::lock ? as_lock().recover(where) : as_rlock().recover(where);
}

void Condition::expect_held(const char* what) {
    if (word().is_held_by_this_thread()) return;
    throw RuntimeError(std::string("cannot ") + what + " on un-acquired lock: acquire() the condition first");
}

bool Condition::wait(std::stop_token stop, Timeout timeout, SourceLocation where) {
    expect_held("wait");
    // The lock is held, so every notification from now on changes the number.
    const std::uint32_t first = notifications_.load();
    const auto is_notified = [&] { return notifications_.load() != first; };
    runtime::Waiting waiting(site_of(runtime::WaitKind::condition, this, where, runtime::deadline_after(timeout)),
                             stop);
    const std::uint32_t count = kind_ == Kind::rlock ? as_rlock().count_ : 0;
    word().release();

    auto wakeup = runtime::Wakeup::woken;
    if (!waiting.spin(this, is_notified, runtime::Pace::moderate)) {
        while (wakeup == runtime::Wakeup::woken && !is_notified()) {
            wakeup = sleep_counted(waiting, waiters_, {notifications_, first});
        }
    }
    const bool notified = is_notified();  // also if the wait ended by something else at the same time

    waiting.turn_to(site_of(kind_ == Kind::lock ? runtime::WaitKind::lock : runtime::WaitKind::rlock, this, where));
    const Acquired acquired = multiprocessing::acquire(word(), waiting, Doubt::keep);
    if (kind_ == Kind::rlock) as_rlock().count_ = count;
    if (acquired.was_in_doubt) refuse_doubt();
    return notified || threading::succeeded(wakeup, stop);
}

void Condition::wake(int count) {
    expect_held("notify");
    notifications_.fetch_add(1);
    wake_counted(waiters_, notifications_, count);
}

void Condition::notify(std::ptrdiff_t n) {
    if (n < 0) throw ValueError("n must not be negative, and it is " + std::to_string(n));
    if (n == 0) {
        expect_held("notify");
    } else {
        wake(n < INT_MAX ? static_cast<int>(n) : INT_MAX);
    }
}

void Condition::notify_all() { wake(INT_MAX); }

}  // namespace threadwise::multiprocessing
