#include "threadwise/sleep.hpp"

#include <utility>

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"

namespace threadwise {

bool sleep_for(std::stop_token stop, Timeout duration, SourceLocation where) {
    const platform::Instant deadline = runtime::deadline_after(duration);
    if (stop.stop_requested()) return false;
    if (duration.duration().count() <= 0) return true;
    runtime::Waiting waiting({.kind = runtime::WaitKind::sleep, .where = where, .deadline = deadline}, stop);
    // Nobody wakes this address on purpose, but a late waker of what was here before may: sleep on then.
    runtime::Wakeup wakeup = runtime::Wakeup::woken;
    while (wakeup == runtime::Wakeup::woken) wakeup = waiting.park(&waiting, [] { return true; });
    return wakeup == runtime::Wakeup::timed_out || threading::succeeded(wakeup, stop);
}

void sleep_for(Timeout duration, SourceLocation where) { sleep_for({}, duration, where); }

}  // namespace threadwise
