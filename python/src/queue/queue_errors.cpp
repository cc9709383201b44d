// The exceptions queue.Empty, Full and ShutDown.

#include "module/state.hpp"

namespace threadwise::python {
namespace {

PyObject* make_error(const char* name, const char* doc) {
    return PyErr_NewExceptionWithDoc(name, doc, nullptr, nullptr);
}

/// Moves the reference to `error`, null if it could not be made, into `in_state`, and adds it to the module. -1 with an
/// exception set on failure.
int add_error(PyObject* module, const char* name, PyObject* error, PyObject*& in_state) {
    in_state = error;
    return error == nullptr ? -1 : PyModule_AddObjectRef(module, name, error);
}

}  // namespace

int add_queue_errors(PyObject* module) {
    State& state = state_of_module(module);
    PyObject* const empty = make_error("threadwise.queue.Empty", "There was no item in the queue.");
    if (add_error(module, "Empty", empty, state.empty_error) < 0) return -1;
    PyObject* const full = make_error("threadwise.queue.Full", "There was no room in the queue.");
    if (add_error(module, "Full", full, state.full_error) < 0) return -1;
    PyObject* const shut_down = make_error("threadwise.queue.ShutDown", "The queue has been shut down.");
    return add_error(module, "ShutDown", shut_down, state.shut_down_error);
}

}  // namespace threadwise::python
