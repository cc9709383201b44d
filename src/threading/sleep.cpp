#include "threadwise/sleep.hpp"

#include <utility>

#include "runtime/door.hpp"
#include "threading/wait_result.hpp"

namespace threadwise {

bool sleep_for(std::stop_token stop, Timeout duration, SourceLocation where) {
    const platform::Instant deadline = runtime::deadline_after(duration);
    if (stop.stop_requested()) return false;
    if (duration.duration().count() <= 0) return true;
    runtime::Waiting waiting({.kind = runtime::WaitKind::sleep, .where = where, .deadline = deadline}, stop);
    // Nobody else knows the address, so nobody ends the sleep by waking it.
    const runtime::Wakeup wakeup = waiting.park(&waiting, [] { return true; });
    return wakeup == runtime::Wakeup::timed_out || threading::succeeded(wakeup, stop);
}

void sleep_for(Timeout duration, SourceLocation where) { sleep_for({}, duration, where); }

}  // namespace threadwise
