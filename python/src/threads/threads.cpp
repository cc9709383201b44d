#include "threads/threads.hpp"

#include <utility>

#include "base/arguments.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "threadwise/detail/signals.hpp"

namespace threadwise::python {
namespace {

void set(PyObject*& place, PyObject* value) {
    const Ref old = Ref::steal(std::exchange(place, Ref::borrow(value).release()));
}

/// threadwise.threading gives what threads need to know of it.
PyObject* attach_threading(PyObject* module, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<7> given(
        "_attach", {"namespace", "active", "limbo", "dangling", "report_exception", "starter", "threads_allowed"}, 7);
    if (!given.parse(args, count, names)) return nullptr;
    State& state = state_of_module(module);
    set(state.threading, given[0]);
    set(state.active, given[1]);
    set(state.limbo, given[2]);
    set(state.dangling, given[3]);
    set(state.report_exception, given[4]);
    set(state.starter, given[5]);
    state.threads_forbidden = given[6] == Py_False;
    Py_RETURN_NONE;
}

PyObject* current_thread(PyObject* module, PyObject*) {
    State& state = state_of_module(module);
    return is_attached(state) ? current_thread_object(state).release() : nullptr;
}

PyObject* wake_main_thread(PyObject*, PyObject*) {
    detail::signal_main();
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    method("current_thread", current_thread,
           "current_thread($module, /)\n--\n\n"
           "The Thread object of the calling thread; one is made for a thread that somebody else started."),
    method("_attach", attach_threading, "For threadwise.threading alone."),
    method("_wake_main_thread", wake_main_thread, "Lets the main thread look for signals if it waits."),
    {},
};

}  // namespace

bool is_attached(const State& state) {
    if (state.threading != nullptr) return true;
    PyErr_SetString(PyExc_RuntimeError, "threads need threadwise.threading: import that, and not the extension alone");
    return false;
}

Ref call_threading(const State& state, const char* name) {
    if (!is_attached(state)) return {};
    const Ref function = item_of(state.threading, name);
    if (function) return Ref::steal(PyObject_CallNoArgs(function.get()));
    PyErr_Format(PyExc_AttributeError, "module 'threading' has no attribute '%s'", name);
    return {};
}

Ref current_thread_object(State& state) {
    if (!is_attached(state)) return {};
    const Ref ident = Ref::steal(PyLong_FromUnsignedLong(PyThread_get_thread_ident()));
    if (!ident) return {};
    Ref found = item_of(state.active, ident.get());
    if (found || PyErr_Occurred() != nullptr) return found;
    return call_threading(state, "_DummyThread");
}

int add_threads(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace threadwise::python
