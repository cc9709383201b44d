#include "threadwise/detail/queue/queue_claim.hpp"

#include "runtime/records/registry.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {

bool QueueClaim::free_if_lost() noexcept {
    if (!runtime::registry::is_lost(holder_.load(std::memory_order_relaxed))) return false;
    holder_.store(0, std::memory_order_relaxed);
    return true;
}

void QueueClaim::refuse() {
    throw RuntimeError(
        "a queue was used from within an item's move or comparison, or an output iterator, that it had called itself "
        "on this same side: it would wait for itself; use it before or after");
}

void QueueClaim::await(QueueLock& lock, const void* queue, SourceLocation where) {
    refuse_reentry();
    QueueWaiter waiter(QueueWaiter::Kind::put, side(lock), queue, forever, {}, where);
    for (bool interrupted = false;;) {
        try {
            waiter.wait();
            if (interrupted) runtime::interrupt(runtime::this_record());  // for its next wait
            return;
        } catch (const InterruptedError&) {
            interrupted = true;
        }
    }
}

bool QueueCall::wait(Attempt attempt) {
    if (attempt == Attempt::claimed) {
        static_cast<const QueueClaim*>(claim_.storage)->refuse_reentry();
        const Timeout left = patience_.is_forever() ? forever : deadline_.left();
        if (!claim_waiter_) claim_waiter_.emplace(kind_, claim_, queue_, left, stop_, where_);
        return claim_waiter_->wait();
    }
    claim_waiter_.reset();  // the next one shall not wait for this one to get its item, or its room
    if (!waiter_) waiter_.emplace(kind_, side_, queue_, deadline_.left(), stop_, where_);
    return waiter_->wait();
}

}  // namespace threadwise::detail
