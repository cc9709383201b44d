#pragma once
// Reports exceptions that no thread waits for.

#include <exception>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// Writes the exception to standard error, as Python's logger would.
THREADWISE_API void report_exception(const char* what_happened, const std::exception_ptr& exception);

/// Gives the exception to excepthook(), as having escaped the calling thread. What the hook throws is reported; it may
/// end the thread.
THREADWISE_API void handle_escaped_exception(std::exception_ptr exception);

}  // namespace threadwise::detail
