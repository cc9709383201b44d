#pragma once

/// \file
/// What objects say of themselves, and how they complain: in the words that Python's own use.

#include <Python.h>

namespace threadwise::python {

/// `<module.Class at 0x...: ...>`; the rest as PyUnicode_FromFormat takes it.
PyObject* describe(PyObject* self, const char* format, ...);

/// DeprecationWarning for a name from before PEP 8; -1 if warnings are errors.
int warn_of_old_name(const char* old_name, const char* new_name);

/// For the tp_init of a class without arguments: 0, or -1 with a TypeError set.
int refuse_arguments(const char* class_name, PyObject* args, PyObject* keywords);

}  // namespace threadwise::python
