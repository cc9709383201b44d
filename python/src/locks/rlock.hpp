#pragma once

/// \file
/// threading.RLock.

#include <Python.h>

#include "module/state.hpp"
#include "threadwise/rlock.hpp"

namespace threadwise::python {

struct RLockObject {
    PyObject_HEAD PyObject* weak_references;
    RLock core;
};

/// Of exactly that type, so that nothing is overridden.
inline bool is_rlock(const State& state, PyObject* object) noexcept { return Py_TYPE(object) == state.rlock_type; }

}  // namespace threadwise::python
