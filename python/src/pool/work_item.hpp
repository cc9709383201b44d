#pragma once

/// \file
/// A call that a pool is to make.

#include <Python.h>

#include "futures/future.hpp"
#include "module/state.hpp"
#include "queue/native_item.hpp"

namespace threadwise::python {

/// concurrent.futures.thread._WorkItem: the future, and the call as a vectorcall has it: the callable, its arguments by
/// position, and after them those by keyword. An item that a program makes or changes has the call in its dictionary
/// instead, as Python's own: `fn`, `args`, `kwargs`.
struct WorkItemObject {
    PyObject_VAR_HEAD PyObject* future;  ///< null once the call is made, and if C++ has submitted it
    PyObject* names;                     ///< a tuple of the keywords, or null
    PyObject* dict;                      ///< null unless a program has made or changed it
    PyObject* weak_references;
    py::NativeCall* native;  ///< owned: the same call for detached threads, or null
    State* state;
    PyObject* call[1];  ///< Py_SIZE of them; null once the call is made, or is in the dictionary
};

/// `call` is what was given to submit(): the callable and `count - 1` arguments by position, then those of `names`.
/// Null with an exception set on failure.
PyObject* make_work_item(State& state, PyObject* future, PyObject* const* call, Py_ssize_t count, PyObject* names);

/// The same for a call that C++ has submitted, which it takes over in any case.
PyObject* make_native_work_item(State& state, py::NativeCall* call);

inline bool is_work_item(const State& state, PyObject* object) noexcept {
    return Py_TYPE(object) == state.work_item_type;
}

/// Whether it runs as ours do: neither a program has changed this item, nor the class.
inline bool is_plain(State& state, PyObject* object) noexcept {
    return is_work_item(state, object) && reinterpret_cast<WorkItemObject*>(object)->dict == nullptr &&
           state.work_item_functions.are_unchanged();
}

/// Makes the call, unless its future was cancelled, and sets the future's result. False with an exception set if
/// something else went wrong than the call.
bool run_work_item(WorkItemObject& self);

}  // namespace threadwise::python
