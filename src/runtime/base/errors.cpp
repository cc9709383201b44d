// The errors' destructors live here so that each type has one identity across shared libraries.

#include "threadwise/errors.hpp"

#include "threadwise/timeout.hpp"

namespace threadwise {

RuntimeError::~RuntimeError() = default;
ValueError::~ValueError() = default;
TimeoutError::~TimeoutError() = default;
InterruptedError::~InterruptedError() = default;
DeadlockError::~DeadlockError() = default;
BrokenBarrierError::~BrokenBarrierError() = default;
ForeignExceptionError::~ForeignExceptionError() = default;
ThreadExitError::~ThreadExitError() = default;

void detail::refuse_nan() {
    throw ValueError(
        "a timeout must not be NaN, which is no time at all: pass threadwise::forever to wait for as long as it takes");
}

}  // namespace threadwise
