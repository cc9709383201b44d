#pragma once
// What processes and the memory that they share raise: Python's names.

#include <stdexcept>
#include <system_error>

#include "threadwise/errors.hpp"
#include "threadwise/export.hpp"

namespace threadwise {

/// The operating system has refused something; `code()` says what it said. Python: OSError.
class THREADWISE_API OSError : public std::system_error {
public:
    using std::system_error::system_error;
    ~OSError() override;
};

/// The name is taken already.
class THREADWISE_API FileExistsError : public OSError {
public:
    using OSError::OSError;
    ~FileExistsError() override;
};

/// Nothing has that name.
class THREADWISE_API FileNotFoundError : public OSError {
public:
    using OSError::OSError;
    ~FileNotFoundError() override;
};

/// It belongs to another user, or may not be used in that way.
class THREADWISE_API PermissionError : public OSError {
public:
    using OSError::OSError;
    ~PermissionError() override;
};

/// Nobody receives what is sent: the other end is closed, or its process has ended.
class THREADWISE_API BrokenPipeError : public OSError {
public:
    using OSError::OSError;
    ~BrokenPipeError() override;
};

/// Nothing is left to receive, and nothing will come: the other end is closed, or its process has ended.
class THREADWISE_API EOFError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    ~EOFError() override;
};

}  // namespace threadwise
