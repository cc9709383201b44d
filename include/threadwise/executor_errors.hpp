#pragma once
// What futures and executors raise: the errors of Python's `concurrent.futures`, under their names.

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "threadwise/errors.hpp"
#include "threadwise/export.hpp"

namespace threadwise {

/// The future was cancelled: there is no result and never will be.
class THREADWISE_API CancelledError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~CancelledError() override;
};

/// The operation is not allowed in the future's state: to set a result twice, to start a future that runs.
class THREADWISE_API InvalidStateError : public std::logic_error {
public:
    using std::logic_error::logic_error;
    ~InvalidStateError() override;
};

/// An executor that cannot run tasks any more.
class THREADWISE_API BrokenExecutor : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~BrokenExecutor() override;
};

/// A pool one of whose workers failed in its initializer.
class THREADWISE_API BrokenThreadPool : public BrokenExecutor {
public:
    using BrokenExecutor::BrokenExecutor;
    ~BrokenThreadPool() override;
};

/// Several tasks of one group have failed (Python's ExceptionGroup). One failure alone is thrown as itself.
class THREADWISE_API ExceptionGroup : public std::runtime_error {
public:
    ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions);
    ~ExceptionGroup() override;

    /// In the order in which the tasks failed.
    const std::vector<std::exception_ptr>& exceptions() const noexcept { return exceptions_; }

private:
    std::vector<std::exception_ptr> exceptions_;
};

}  // namespace threadwise
