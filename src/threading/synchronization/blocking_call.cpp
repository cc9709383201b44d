#include "threading/synchronization/blocking_call.hpp"

#include "runtime/deadlock/report.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::threading {

bool succeeded(runtime::Wakeup wakeup, const std::stop_token& stop) {
    if (wakeup == runtime::Wakeup::interrupted && !stop.stop_requested()) {
        runtime::throw_if_doomed(runtime::this_record());
        runtime::take_interrupt(runtime::this_record());
        throw InterruptedError("the wait was interrupted: interrupt() was called for this thread");
    }
    return wakeup == runtime::Wakeup::woken || wakeup == runtime::Wakeup::refused;
}

platform::Instant acquire_deadline(bool blocking, Timeout timeout) {
    if (!blocking && !timeout.is_forever()) {
        throw ValueError("can't specify a timeout for a non-blocking call: pass blocking = true with it");
    }
    if (timeout.is_negative()) {
        throw ValueError("timeout value must be a non-negative number: leave it out to wait forever");
    }
    return runtime::deadline_after(timeout);
}

}  // namespace threadwise::threading
