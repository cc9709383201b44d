#include "threadwise/executor_errors.hpp"

#include <utility>

namespace threadwise {

CancelledError::~CancelledError() = default;
InvalidStateError::~InvalidStateError() = default;
BrokenExecutor::~BrokenExecutor() = default;
BrokenThreadPool::~BrokenThreadPool() = default;

ExceptionGroup::ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions)
    : std::runtime_error(message + " (" + std::to_string(exceptions.size()) + " sub-exceptions)"),
      exceptions_(std::move(exceptions)) {}

ExceptionGroup::~ExceptionGroup() = default;

}  // namespace threadwise
