#include "threadwise/lock.hpp"

#include "threading/synchronization/blocking_call.hpp"
#include "threading/synchronization/owner_gate.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

bool acquire_word(detail::OwnerWord& word, const Lock* lock, platform::Instant deadline, SourceLocation where,
                  const std::stop_token& stop = {}) {
    const runtime::WaitSite site{.kind = runtime::WaitKind::lock, .object = lock, .where = where, .deadline = deadline};
    return threading::succeeded(threading::acquire_owner_word(word, site, stop), stop);
}

bool try_word(detail::OwnerWord& word, const Lock* lock, SourceLocation where) {
    return threading::try_take_owner_word(word, {.kind = runtime::WaitKind::lock, .object = lock, .where = where});
}

}  // namespace

void Lock::lock_slow(SourceLocation where) { acquire_word(word_, this, platform::never, where); }

bool Lock::try_lock_slow() { return try_word(word_, this, {}); }

bool Lock::try_lock_timed(Timeout timeout, SourceLocation where) {
    return acquire_word(word_, this, runtime::deadline_after(timeout), where);
}

bool Lock::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    return blocking ? acquire_word(word_, this, deadline, where) : try_word(word_, this, where);
}

bool Lock::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    return acquire_word(word_, this, threading::acquire_deadline(true, timeout), where, stop);
}

void Lock::refuse_release() {
    throw RuntimeError("release unlocked lock: acquire() it first, and release() it once for each acquire()");
}

}  // namespace threadwise
