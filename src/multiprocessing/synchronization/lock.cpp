#include "threadwise/multiprocessing/lock.hpp"

#include "multiprocessing/synchronization/acquire.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {

using runtime::WaitKind;
using Take = detail::RobustWord::Take;

bool Lock::try_lock() {
    const Take take = word_.try_take();
    if (take == Take::in_doubt) refuse_doubt();
    return take == Take::taken;
}

void Lock::lock_slow(SourceLocation where) { multiprocessing::acquire(word_, site_of(WaitKind::lock, this, where)); }

void Lock::refuse_release() {
    throw RuntimeError(
        "release unlocked lock: this thread does not hold it; a lock across processes is released by the thread that "
        "has "
        "acquired it");
}

bool Lock::try_lock_timed(Timeout timeout, SourceLocation where) {
    return multiprocessing::acquire(word_, site_of(WaitKind::lock, this, where, runtime::deadline_after(timeout)));
}

bool Lock::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    return blocking ? multiprocessing::acquire(word_, site_of(WaitKind::lock, this, where, deadline)) : try_lock();
}

bool Lock::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(true, timeout);
    return multiprocessing::acquire(word_, site_of(WaitKind::lock, this, where, deadline), stop);
}

bool Lock::recover(SourceLocation where) {
    return multiprocessing::recover(word_, site_of(WaitKind::lock, this, where));
}

}  // namespace threadwise::multiprocessing
