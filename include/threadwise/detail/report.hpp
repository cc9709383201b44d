#pragma once
// What becomes of exceptions that nobody waits for.

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// Writes the exception that is being handled to standard error, as Python's logger would.
THREADWISE_API void report_exception(const char* what_happened) noexcept;

/// Hands the exception that is being handled to excepthook(), as having escaped the calling thread.
THREADWISE_API void handle_escaped_exception() noexcept;

}  // namespace threadwise::detail
