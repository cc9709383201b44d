#pragma once
// How a call that waits begins and ends: until when it waits, and what its caller is told.

#include "runtime/waiting/door.hpp"

namespace threadwise::threading {

/// True: got it. False: the deadline passed, or `stop` was requested. Throws InterruptedError if the wait was
/// interrupted instead.
bool succeeded(runtime::Wakeup wakeup, const std::stop_token& stop = {});

/// The deadline that `acquire(blocking, timeout)` asks for. Throws ValueError as Python does: for a timeout of a
/// non-blocking call, and for a negative one.
platform::Instant acquire_deadline(bool blocking, Timeout timeout);

}  // namespace threadwise::threading
