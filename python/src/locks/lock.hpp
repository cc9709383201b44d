#pragma once

/// \file
/// threading.Lock.

#include <Python.h>

#include "base/reference.hpp"
#include "module/state.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {

struct LockObject {
    PyObject_HEAD PyObject* weak_references;
    Lock core;
};

/// Of exactly that type: Lock cannot be derived from.
inline bool is_lock(const State& state, PyObject* object) noexcept { return Py_TYPE(object) == state.lock_type; }

/// Null with an exception set without memory.
Ref make_lock(const State& state);

}  // namespace threadwise::python
