#pragma once

/// \file
/// The end of the interpreter. From then on no other thread runs Python code any more.

#include <Python.h>

namespace threadwise::python {

inline bool is_finalizing() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

/// The type of exception for what cannot be done any more, borrowed.
inline PyObject* finalization_error() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    return PyExc_PythonFinalizationError;
#else
    return PyExc_RuntimeError;
#endif
}

}  // namespace threadwise::python
