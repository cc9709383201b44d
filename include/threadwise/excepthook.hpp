#pragma once

/// \file
/// What becomes of an exception that escapes a thread.
/// Python: docs.python.org/3/library/threading.html, "threading.excepthook".

#include <exception>
#include <functional>

#include "threadwise/export.hpp"
#include "threadwise/thread_handle.hpp"

namespace threadwise {

/// What happened, and to whom.
struct ExceptHookArgs {
    std::exception_ptr exception;
    ThreadHandle thread;
};

/// Called on the thread that the exception escaped.
using ExceptHook = std::function<void(const ExceptHookArgs&)>;

/// Handles an exception that escaped a thread: calls the hook that is set. Every Thread calls it, on itself. If the
/// hook throws, that is reported on stderr together with the exception it was given.
THREADWISE_API void excepthook(const ExceptHookArgs& args);

/// Replaces the hook for all threads; an empty one restores the default. Returns the one before, empty if that was the
/// default. Threads that are in the old hook at that moment finish it.
THREADWISE_API ExceptHook set_excepthook(ExceptHook hook);

/// The hook that is set at first: writes `Exception in thread NAME:` and the exception's type and what() to stderr.
THREADWISE_API void default_excepthook(const ExceptHookArgs& args);

}  // namespace threadwise
