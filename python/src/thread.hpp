#pragma once

/// \file
/// threading.Thread.

#include <Python.h>

#include <memory>

#include "object.hpp"
#include "thread_life.hpp"

namespace threadwise::python {

/// Without an initialisation by Thread.__init__() there is nothing but zeros, which are a valid state for each member:
/// the type has no tp_new of its own, so that object.__new__() makes threads, too, as with Python's class.
struct ThreadCore {
    std::shared_ptr<ThreadLife> life;
    PyObject* target = nullptr;  ///< null after run()
    PyObject* args = nullptr;
    PyObject* kwargs = nullptr;
    PyObject* name = nullptr;
    PyObject* context = nullptr;
    PyObject* started = nullptr;      ///< an Event
    PyObject* handle = nullptr;       ///< a _ThreadHandle
    PyObject* stderr_file = nullptr;  ///< sys.stderr when the thread was made
    char daemonic = 0;
    char initialized = 0;

    /// A thread that has not been started; false with an exception set without memory.
    bool renew_life();

    template <class Visit>
    void visit_references(Visit visit) {
        for (PyObject** reference : {&target, &args, &kwargs, &name, &context, &started, &handle, &stderr_file}) {
            visit(*reference);
        }
    }
};

struct ThreadObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dictionary;
    ThreadCore core;
};

inline ThreadCore& thread_core(PyObject* self) noexcept { return as<ThreadObject>(self).core; }

}  // namespace threadwise::python
