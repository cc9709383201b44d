#pragma once

/// \file
/// The exception that is being handled, for functions that Python's own modules call in an `except` or `finally`
/// clause.

#include <Python.h>

#include "base/reference.hpp"

namespace threadwise::python {

/// For as long as it lives, that exception is being handled: sys.exc_info() gives it, a bare `raise` raises it again,
/// and what is raised has it as its context.
class Handling {
public:
    explicit Handling(const Ref& exception) noexcept {
        PyErr_GetExcInfo(&type_, &value_, &traceback_);
        PyObject* const value = exception.new_reference();
        PyErr_SetExcInfo(value == nullptr ? nullptr : Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(value))), value,
                         value == nullptr ? nullptr : PyException_GetTraceback(value));
    }
    ~Handling() { PyErr_SetExcInfo(type_, value_, traceback_); }
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

private:
    // What was handled before.
    PyObject* type_ = nullptr;
    PyObject* value_ = nullptr;
    PyObject* traceback_ = nullptr;
};

}  // namespace threadwise::python
