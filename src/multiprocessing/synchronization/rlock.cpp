#include "threadwise/multiprocessing/rlock.hpp"

#include "multiprocessing/synchronization/acquire.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {

using runtime::WaitKind;
using Take = detail::RobustWord::Take;

/// One more, if the calling thread holds it.
bool RLock::take_again() noexcept {
    if (!word_.is_held_by_this_thread()) return false;
    ++count_;
    return true;
}

/// The first time. A holder that died has left its count.
bool RLock::begin(bool taken) noexcept {
    if (taken) count_ = 1;
    return taken;
}

bool RLock::try_take() noexcept { return take_again() || begin(word_.try_take() == Take::taken); }

void RLock::lock_slow(SourceLocation where) {
    begin(multiprocessing::acquire(word_, site_of(WaitKind::rlock, this, where)));
}

bool RLock::try_lock() {
    if (take_again()) return true;
    const Take take = word_.try_take();
    if (take == Take::in_doubt) refuse_doubt();
    return begin(take == Take::taken);
}

void RLock::unlock() {
    if (!word_.is_held_by_this_thread()) {
        throw RuntimeError("cannot release un-acquired lock: this thread does not hold it; acquire() it first");
    }
    if (--count_ == 0) word_.release();
}

bool RLock::try_lock_timed(Timeout timeout, SourceLocation where) {
    return take_again() || begin(multiprocessing::acquire(
                               word_, site_of(WaitKind::rlock, this, where, runtime::deadline_after(timeout))));
}

bool RLock::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    if (!blocking) return try_lock();
    return take_again() || begin(multiprocessing::acquire(word_, site_of(WaitKind::rlock, this, where, deadline)));
}

bool RLock::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(true, timeout);
    return take_again() ||
           begin(multiprocessing::acquire(word_, site_of(WaitKind::rlock, this, where, deadline), stop));
}

bool RLock::recover(SourceLocation where) {
    const bool held = word_.is_held_by_this_thread();
    const bool was_in_doubt = multiprocessing::recover(word_, site_of(WaitKind::rlock, this, where));
    if (!held) count_ = 1;
    return was_in_doubt;
}

}  // namespace threadwise::multiprocessing
