#pragma once

/// \file
/// What threading.Thread's methods share, and those of them that have files of their own.

#include <Python.h>

#include "base/object.hpp"
#include "locks/event.hpp"
#include "module/state.hpp"
#include "threads/thread.hpp"

namespace threadwise::python {

/// False, with the exception set.
inline bool refuse(PyObject* type, const char* complaint) {
    PyErr_SetString(type, complaint);
    return false;
}

/// The core of a thread that has been initialised; otherwise none, with that exception: a class that overrides __init__
/// may have forgotten to call ours.
inline ThreadRef initialized_core(PyObject* self, const char* complaint = "Thread.__init__() not called",
                                  PyObject* error = PyExc_RuntimeError) {
    ThreadRef thread = ThreadRef::find(self);
    // Programs may write the attribute `_initialized`, but not all that belongs to it.
    if (thread && thread->initialized && thread->started != nullptr) return thread;
    refuse(error, complaint);
    return {};
}

/// The same for what only looks at the thread: Python's own asserts it.
inline ThreadRef core_to_look_at(PyObject* self, const char* complaint = "Thread.__init__() not called") {
    return initialized_core(self, complaint, PyExc_AssertionError);
}

inline Event& started_event(const ThreadRef& thread) noexcept { return as<EventObject>(thread->started).core.event; }

// Making one: thread_making.cpp.

int initialize_thread(PyObject* self, PyObject* args, PyObject* keywords);

/// False, with an exception set, in an interpreter that was made such that its threads are no daemons.
bool may_be_daemon(const State& state);

// Starting and running it: thread_running.cpp.

PyObject* start_thread_object(PyObject* self, PyObject* unused);
PyObject* run_thread_object(PyObject* self, PyObject* unused);
PyObject* bootstrap_thread(PyObject* self, PyObject* unused);
PyObject* bootstrap_thread_inner(PyObject* self, PyObject* unused);

/// For the main thread and those that somebody else started: `self` is the calling thread, or the one with the given
/// numbers.
PyObject* adopt_thread(PyObject* self, PyObject* args);

/// From Python 3.14 on the system, too, knows the calling thread by its name; what the system makes of it matters to
/// nobody here.
void tell_system_of_name(State& state, const ThreadRef& thread);

}  // namespace threadwise::python
