#pragma once

/// \file
/// What Python's modules write to their log, concurrent.futures.

#include <Python.h>

#include "base/reference.hpp"

namespace threadwise::python {

/// Logs the exception that is set, with a message that has a %r for `about`, and clears it. False, with it still set,
/// if it is none of class Exception.
bool log_exception(const char* message, PyObject* about);

/// The same, whatever its class, as critical.
void log_critical_exception(const char* message);

/// Logs a message; a null one, with an exception set, is ignored.
void log_critical(const Ref& message);

}  // namespace threadwise::python
