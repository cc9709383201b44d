// The errors' destructors live here so that each type has one identity across shared libraries.

#include "threadwise/errors.hpp"

namespace threadwise {

RuntimeError::~RuntimeError() = default;
ValueError::~ValueError() = default;
TimeoutError::~TimeoutError() = default;
InterruptedError::~InterruptedError() = default;
BrokenBarrierError::~BrokenBarrierError() = default;

}  // namespace threadwise
