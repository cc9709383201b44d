// What threadwise.threading and threadwise._thread ask of the extension about threads in general.

#include <Python.h>

#include "base/method.hpp"
#include "module/state.hpp"
#include "threadwise/embed/signals.hpp"

namespace threadwise::python {
namespace {

PyObject* forbid_threads(PyObject* module, PyObject*) {
    state_of_module(module).threads_forbidden = true;
    Py_RETURN_NONE;
}

PyObject* wake_main_thread(PyObject*, PyObject*) {
    embed::signal_main();
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    method("_forbid_threads", forbid_threads, "The interpreter was made such that it starts no threads."),
    method("_wake_main_thread", wake_main_thread, "Lets the main thread look for signals if it waits."),
    {},
};

}  // namespace

int add_threads(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace threadwise::python
