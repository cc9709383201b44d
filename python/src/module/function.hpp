#pragma once

/// \file
/// Functions instead of method descriptors, for the classes that the standard modules write in Python. A method of a C
/// type is a descriptor that differs from a function: a mock made of it (`autospec=True`) loses `self`; taken from an
/// object it has no `__func__`, so that `weakref.WeakMethod` refuses it; and tools that look for the functions of a
/// class find none.

#include <Python.h>

namespace threadwise::python {

/// Replaces each method in the dictionary of `type` by a function. Called, it does the same, at the cost of one more
/// call through a pointer; otherwise it behaves as a function written in Python, `isinstance()` included. -1 on error.
int turn_methods_into_functions(PyTypeObject* type, PyTypeObject* function_type) noexcept;

}  // namespace threadwise::python
