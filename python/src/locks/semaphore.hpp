#pragma once

/// \file
/// threading.Semaphore, for those that use it from C++.

#include <Python.h>

#include <cstdint>

#include "base/reference.hpp"
#include "module/state.hpp"
#include "threadwise/semaphore.hpp"

namespace threadwise::python {

/// A threading.Semaphore with that many permits; null with an exception set without memory.
Ref make_semaphore(const State& state, std::int64_t permits);

/// What is in one. It may be used by threads that are not attached.
Semaphore& permits_of(PyObject* semaphore) noexcept;

}  // namespace threadwise::python
