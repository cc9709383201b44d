#pragma once

/// \file
/// queue.SimpleQueue.

#include <Python.h>

#include "module/state.hpp"
#include "queue/item_queue.hpp"

namespace threadwise::python {

struct SimpleQueueObject {
    PyObject_HEAD PyObject* weak_references;
    State* state;
    ItemQueue core;
};

/// Whether that is the type itself, not one derived from it. For detached threads.
bool is_simple_queue_type(const PyTypeObject* type) noexcept;

}  // namespace threadwise::python
