#pragma once
// The errors that threading raises: Python's names, each derived from the nearest standard exception, so that C++ code
// that knows only the standard library catches them too.

#include <stdexcept>

#include "threadwise/export.hpp"

namespace threadwise {

/// Misuse that Python answers with RuntimeError: releasing an unlocked lock, starting a thread twice, joining oneself.
class THREADWISE_API RuntimeError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~RuntimeError() override;
};

/// An argument of the right type with a wrong value, where Python raises ValueError.
class THREADWISE_API ValueError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
    ~ValueError() override;
};

/// A result that did not come in time, where the function has no other way to say so.
class THREADWISE_API TimeoutError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~TimeoutError() override;
};

/// A wait that interrupt() ended: what KeyboardInterrupt is to a waiting Python thread.
class THREADWISE_API InterruptedError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~InterruptedError() override;
};

/// A wait that could not end, as threads wait for each other in a circle: see deadlock_hook.hpp, OnDeadlock::fail.
class THREADWISE_API DeadlockError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~DeadlockError() override;
};

/// The barrier that a thread waits at was broken or reset. Python: `threading.BrokenBarrierError`.
class THREADWISE_API BrokenBarrierError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~BrokenBarrierError() override;
};

/// What stands for something that was thrown but is not a C++ exception, which std::exception_ptr cannot hold: one of
/// another language, or of another C++ runtime.
class THREADWISE_API ForeignExceptionError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~ForeignExceptionError() override;
};

/// The outcome of a call whose thread was ended, by pthread_exit() or pthread_cancel(), before the call was through.
class THREADWISE_API ThreadExitError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~ThreadExitError() override;
};

}  // namespace threadwise
