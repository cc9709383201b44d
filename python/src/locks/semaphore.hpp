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

/// The permits in a semaphore, which detached threads may use.
Semaphore& permits_of(PyObject* semaphore) noexcept;

}  // namespace threadwise::python
