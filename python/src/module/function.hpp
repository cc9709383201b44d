#pragma once

/// \file
/// The functions of classes that are Python's own in the standard modules. What a C method gives when it is asked for
/// on an object has no `__func__`. So `weakref.WeakMethod` refuses it, and what wraps a method by its function (as
/// sentry-sdk wraps Thread.run) breaks.

#include <Python.h>

namespace threadwise::python {

/// Puts a function in the place of each method in the dictionary of `type`. Called, it does the same, at the cost of
/// one more call through a pointer; asked for on an object, it is a bound method as that of a function written in
/// Python. -1 on error.
int turn_methods_into_functions(PyTypeObject* type, PyTypeObject* function_type) noexcept;

}  // namespace threadwise::python
