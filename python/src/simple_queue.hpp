#pragma once

/// \file
/// queue.SimpleQueue.

#include <Python.h>

#include "item_queue.hpp"
#include "state.hpp"

namespace threadwise::python {

struct SimpleQueueObject {
    PyObject_HEAD PyObject* weak_references;
    State* state;
    ItemQueue core;
};

}  // namespace threadwise::python
