#pragma once

/// \file
/// What the interpreter's lock does for an object, where there is none.

#include <Python.h>

namespace threadwise::python {

/// Nobody else is in a critical section of that object meanwhile, unless this thread waits for something. Costs nothing
/// where there is an interpreter lock.
class CriticalSection {
public:
#ifdef Py_GIL_DISABLED
    explicit CriticalSection(PyObject* object) noexcept { PyCriticalSection_Begin(&section_, object); }
    ~CriticalSection() { PyCriticalSection_End(&section_); }
#else
    explicit CriticalSection(PyObject*) noexcept {}
    ~CriticalSection() {}  // NOLINT(modernize-use-equals-default): a variable of this type is not unused
#endif
    CriticalSection(const CriticalSection&) = delete;
    CriticalSection& operator=(const CriticalSection&) = delete;

private:
#ifdef Py_GIL_DISABLED
    PyCriticalSection section_;
#endif
};

}  // namespace threadwise::python
