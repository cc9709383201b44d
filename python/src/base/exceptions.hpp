#pragma once

/// \file
/// The exception that is set, and the one that is being handled.

#include <Python.h>

#include "base/reference.hpp"

namespace threadwise::python {

/// The exception that is set, with its traceback; it is not set any more.
inline Ref take_raised() {
#if PY_VERSION_HEX >= 0x030C0000
    return Ref::steal(PyErr_GetRaisedException());
#else
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != nullptr) PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return Ref::steal(value);
#endif
}

/// Sets it again.
inline void restore_raised(Ref exception) {
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(exception.release());
#else
    PyObject* const value = exception.release();
    PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(value))), value, PyException_GetTraceback(value));
#endif
}

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
