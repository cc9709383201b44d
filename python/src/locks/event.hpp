#pragma once

/// \file
/// threading.Event.

#include <Python.h>

#include "base/reference.hpp"
#include "threadwise/event.hpp"

namespace threadwise::python {

struct EventCore {
    Event event;
    /// Made when somebody asks for it: nothing of ours uses it.
    PyObject* condition = nullptr;

    template <class Visit>
    void visit_references(Visit visit) {
        visit(condition);
    }
};

struct EventObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dictionary;
    EventCore core;
};

}  // namespace threadwise::python
