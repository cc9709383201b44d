#include "threadwise/rlock.hpp"

#include <limits>

#include "threading/synchronization/blocking_call.hpp"
#include "threading/synchronization/owner_gate.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

bool acquire_word(detail::OwnerWord& word, const RLock* lock, platform::Instant deadline, SourceLocation where,
                  const std::stop_token& stop = {}) {
    const runtime::WaitSite site{
        .kind = runtime::WaitKind::rlock, .object = lock, .where = where, .deadline = deadline};
    return threading::succeeded(threading::acquire_owner_word(word, site, stop), stop);
}

bool try_word(detail::OwnerWord& word, const RLock* lock, SourceLocation where) {
    return threading::try_take_owner_word(word, {.kind = runtime::WaitKind::rlock, .object = lock, .where = where});
}

}  // namespace

bool RLock::take_again() {
    if (!is_owned()) return false;
    const std::uint32_t count = count_.load(std::memory_order_relaxed);  // relaxed: as in unlock()
    if (count == std::numeric_limits<std::uint32_t>::max() - 1) {
        throw RuntimeError("RLock taken too many times by one thread: is a release() missing in a loop?");
    }
    count_.store(count + 1, std::memory_order_relaxed);
    return true;
}

void RLock::lock_slow(SourceLocation where) {
    if (!take_again()) acquire_word(word_, this, platform::never, where);
}

bool RLock::try_lock_slow() { return take_again() || try_word(word_, this, {}); }

bool RLock::try_lock_timed(Timeout timeout, SourceLocation where) {
    return take_again() || acquire_word(word_, this, runtime::deadline_after(timeout), where);
}

bool RLock::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    if (take_again()) return true;
    return blocking ? acquire_word(word_, this, deadline, where) : try_word(word_, this, where);
}

bool RLock::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(true, timeout);
    return take_again() || acquire_word(word_, this, deadline, where, stop);
}

void RLock::refuse_release() {
    throw RuntimeError("cannot release un-acquired lock: only the thread that holds an RLock may release it");
}

}  // namespace threadwise
