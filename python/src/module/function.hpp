#pragma once

/// \file
/// The functions of classes that are Python's own in the standard modules. A method of C's is a descriptor of another
/// kind: a mock that is made of it (`autospec=True`) loses `self`, what is asked for on an object has no `__func__`, so
/// that `weakref.WeakMethod` refuses it, and what looks for the functions of a class finds none.

#include <Python.h>

namespace threadwise::python {

/// Puts a function in the place of each method in the dictionary of `type`. Called, it does the same, at the cost of
/// one more call through a pointer; otherwise it is what a function written in Python is, `isinstance()` included. -1
/// on error.
int turn_methods_into_functions(PyTypeObject* type, PyTypeObject* function_type) noexcept;

}  // namespace threadwise::python
