#include "threadwise/lock.hpp"

#include <utility>

#include "threading/owner_word.hpp"
#include "threading/wait_result.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using runtime::WaitKind;
using runtime::WaitSite;

bool acquire_word(std::atomic<std::uint32_t>& word, const Lock* lock, platform::Instant deadline, SourceLocation where,
                  std::stop_token stop = {}) {
    const WaitSite site{.kind = WaitKind::lock, .object = lock, .where = where, .deadline = deadline};
    return threading::succeeded(threading::acquire_owner_word(word, site, stop), stop);
}

}  // namespace

void Lock::lock_contended(SourceLocation where) { acquire_word(word_, this, platform::never, where); }

bool Lock::try_lock_slow() noexcept {
    return threading::try_take(threading::OwnerWord{word_, runtime::this_record().ident});
}

bool Lock::try_lock_timed(Timeout timeout, SourceLocation where) {
    return acquire_word(word_, this, runtime::deadline_after(timeout), where);
}

bool Lock::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    return blocking ? acquire_word(word_, this, deadline, where) : try_lock();
}

bool Lock::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    return acquire_word(word_, this, threading::acquire_deadline(true, timeout), where, std::move(stop));
}

void Lock::unlock_contended() {
    if (!threading::release_owner_word(word_)) {
        throw RuntimeError("release unlocked lock: acquire() it first, and release() it once for each acquire()");
    }
}

}  // namespace threadwise
