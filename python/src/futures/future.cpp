#include "futures/future.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "base/arguments.hpp"
#include "base/critical_section.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"

namespace threadwise::python {
namespace {

using Status = FutureCore::Status;

FutureObject& future(PyObject* self) noexcept { return as<FutureObject>(self); }

// Making one, and its end.

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    State* const state = state_of_type(type);
    if (state == nullptr) return nullptr;
    auto* const self = make_object<FutureObject>(type);
    if (self == nullptr) return nullptr;
    self->state = state;
    if (!is_plain(*self)) self->core.be_watched();  // its end is told by a method that may be another's
    return reinterpret_cast<PyObject*>(self);
}

int initialise(PyObject*, PyObject* args, PyObject* keywords) {
    if (PyTuple_GET_SIZE(args) == 0 && (keywords == nullptr || PyDict_GET_SIZE(keywords) == 0)) return 0;
    PyErr_SetString(PyExc_TypeError, "Future() takes no arguments");
    return -1;
}

int clear(PyObject* self) {
    Py_CLEAR(future(self).dict);
    Py_CLEAR(future(self).result);
    Py_CLEAR(future(self).exception);
    Py_CLEAR(future(self).callbacks);
    Py_CLEAR(future(self).waiters);
    Py_CLEAR(future(self).condition);
    return 0;
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one macro a line is not complex
int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(future(self).dict);
    Py_VISIT(future(self).result);
    Py_VISIT(future(self).exception);
    Py_VISIT(future(self).callbacks);
    Py_VISIT(future(self).waiters);
    Py_VISIT(future(self).condition);
    return 0;
}

// The result.

/// Until the future is done, at most `timeout`; false with an exception set if it is not, or was cancelled.
bool wait_finished(FutureObject& self, PyObject* seconds) {
    if (self.core.finished() && self.condition == nullptr) return adopt(self);
    Timeout timeout;
    if (!to_timeout(seconds, timeout)) return false;
    if (!self.core.done()) {
        const Waited waited = wait_detached(timeout, [&self](Timeout left) { return self.core.wait(left, {}, {}); });
        if (waited == Waited::failed || raise_asynchronous_exception()) return false;
    }
    if (!settle(self)) return false;
    if (self.core.finished()) return adopt(self);
    PyErr_SetNone(self.core.done() ? self.state->cancelled_error : PyExc_TimeoutError);
    return false;
}

void raise(PyObject* exception) {
    if (PyExceptionInstance_Check(exception)) {
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
    } else if (PyExceptionClass_Check(exception)) {
        PyErr_SetNone(exception);
    } else {
        PyErr_SetString(PyExc_TypeError, "exceptions must derive from BaseException");
    }
}

/// The only argument of result() and exception(), borrowed; null if it was not given.
bool parse_timeout(const char* function, PyObject*& timeout, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 0 && names == nullptr) return true;
    Arguments<1> given(function, {"timeout"});
    if (!given.parse(args, count, names)) return false;
    timeout = given[0];
    return true;
}

/// What it returns or raises: __get_result(), as a class of that name spells it.
PyObject* get_result(PyObject* self, PyObject*) {
    if (!adopt(future(self))) return nullptr;
    const Ref raised = read_field(self, future(self).exception);
    if (!raised) return or_none(read_field(self, future(self).result));
    raise(raised.get());
    return nullptr;
}

PyObject* result(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    PyObject* timeout = nullptr;
    if (!parse_timeout("result", timeout, args, count, names)) return nullptr;
    const Ref alive = Ref::borrow(self);
    return wait_finished(future(self), timeout) ? get_result(self, nullptr) : nullptr;
}

PyObject* exception(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    PyObject* timeout = nullptr;
    if (!parse_timeout("exception", timeout, args, count, names)) return nullptr;
    const Ref alive = Ref::borrow(self);
    if (!wait_finished(future(self), timeout)) return nullptr;
    return or_none(read_field(self, future(self).exception));
}

// Looking at it. With the condition, if it is in use, as somebody may be in the middle of a change.

PyObject* cancelled(PyObject* self, PyObject*) {
    if (!settle(future(self))) return nullptr;
    return PyBool_FromLong(future(self).core.done() && !future(self).core.finished());
}

PyObject* running(PyObject* self, PyObject*) {
    if (!settle(future(self))) return nullptr;
    return PyBool_FromLong(future(self).core.status() == Status::running);
}

PyObject* done(PyObject* self, PyObject*) {
    if (!settle(future(self))) return nullptr;
    return PyBool_FromLong(future(self).core.done());
}

/// A class's name as its own module knows it.
const char* short_name(PyObject* object) {
    const char* const name = Py_TYPE(object)->tp_name;
    const char* const dot = std::strrchr(name, '.');
    return dot == nullptr ? name : dot + 1;
}

PyObject* represent(PyObject* self) {
    if (!settle(future(self))) return nullptr;
    const char* const name = short_name(self);
    const Status status = future(self).core.status();
    if (status == Status::finished) {
        if (!adopt(future(self))) return nullptr;
        Ref exception = read_field(self, future(self).exception);
        const char* const how = exception ? "raised" : "returned";
        const Ref outcome =
            Ref::steal(or_none(exception ? std::move(exception) : read_field(self, future(self).result)));
        return PyUnicode_FromFormat("<%s at %p state=finished %s %s>", name, self, how, short_name(outcome.get()));
    }
    const char* const description = status == Status::pending   ? "pending"
                                    : status == Status::running ? "running"
                                                                : "cancelled";
    return PyUnicode_FromFormat("<%s at %p state=%s>", name, self, description);
}

// What executors call, and the callbacks.

PyObject* cancel_method(PyObject* self, PyObject*) {
    const int cancelled = cancel(future(self));
    return cancelled < 0 ? nullptr : PyBool_FromLong(cancelled);
}

/// (done, cancelled, result, exception), as asyncio asks for it.
PyObject* get_snapshot(PyObject* self, PyObject*) {
    if (!settle(future(self)) || !adopt(future(self))) return nullptr;
    const CriticalSection section(self);
    const bool finished = future(self).core.finished();
    const bool cancelled = !finished && future(self).core.done();
    PyObject* const result = finished ? future(self).result : nullptr;
    PyObject* const exception = finished ? future(self).exception : nullptr;
    return PyTuple_Pack(4, finished || cancelled ? Py_True : Py_False, cancelled ? Py_True : Py_False,
                        result != nullptr ? result : Py_None, exception != nullptr ? exception : Py_None);
}

PyObject* none_if(bool succeeded) { return succeeded ? Py_NewRef(Py_None) : nullptr; }

PyObject* add_done_callback_method(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("add_done_callback", {"fn"}, 1);
    return given.parse(args, count, names) ? none_if(add_done_callback(future(self), given[0])) : nullptr;
}

PyObject* set_running_method(PyObject* self, PyObject*) {
    const int running = set_running_or_notify_cancel(future(self));
    return running < 0 ? nullptr : PyBool_FromLong(running);
}

PyObject* set_result_method(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 1 && names == nullptr) return none_if(set_result(future(self), args[0]));
    Arguments<1> given("set_result", {"result"}, 1);
    return given.parse(args, count, names) ? none_if(set_result(future(self), given[0])) : nullptr;
}

PyObject* set_exception_method(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("set_exception", {"exception"}, 1);
    return given.parse(args, count, names) ? none_if(set_exception(future(self), given[0])) : nullptr;
}

PyObject* invoke_callbacks_method(PyObject* self, PyObject*) { return none_if(call_callbacks(future(self))); }

// The type.

constexpr const char* result_doc =
    "result($self, /, timeout=None)\n--\n\n"
    "Wait for the call to finish, at most timeout seconds, and return what it returned, or raise what it raised.\n\n"
    "Raises TimeoutError if it is not finished within that time, and CancelledError if it was cancelled.";
constexpr const char* exception_doc =
    "exception($self, /, timeout=None)\n--\n\n"
    "Wait as result() does, and return the exception that the call raised, or None.";
constexpr const char* running_doc =
    "set_running_or_notify_cancel($self, /)\n--\n\n"
    "For executors, before they make the call: True, it is running now; False, it was cancelled.";

PyMethodDef methods[] = {
    method("result", result, result_doc),
    method("exception", exception, exception_doc),
    method("cancel", cancel_method, METH_NOARGS,
           "cancel($self, /)\n--\n\nCancel the call unless it runs, or has finished. Whether it is cancelled."),
    method("cancelled", cancelled, METH_NOARGS, "cancelled($self, /)\n--\n\nWhether the call was cancelled."),
    method("running", running, METH_NOARGS, "running($self, /)\n--\n\nWhether the call is being made."),
    method("done", done, METH_NOARGS, "done($self, /)\n--\n\nWhether the call has finished, or was cancelled."),
    method("add_done_callback", add_done_callback_method,
           "add_done_callback($self, /, fn)\n--\n\n"
           "Call fn(future) once the future is done, or now if it is. In the order they were added."),
    method("set_running_or_notify_cancel", set_running_method, METH_NOARGS, running_doc),
    method("set_result", set_result_method,
           "set_result($self, /, result)\n--\n\nFor executors: the call has returned that."),
    method("set_exception", set_exception_method,
           "set_exception($self, /, exception)\n--\n\nFor executors: the call has raised that."),
    method("_get_snapshot", get_snapshot, METH_NOARGS,
           "_get_snapshot($self, /)\n--\n\nPrivate, there as in the standard class."),
    method("_invoke_callbacks", invoke_callbacks_method, METH_NOARGS,
           "_invoke_callbacks($self, /)\n--\n\nPrivate, there as in the standard class."),
    method("_Future__get_result", get_result, METH_NOARGS,
           "_Future__get_result($self, /)\n--\n\nPrivate, there as in the standard class."),
    method("__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "See PEP 585"),
    {},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(FutureFields, weak_references), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(FutureFields, dict), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

constexpr const char* doc = "Future()\n--\n\nThe result of a call that somebody else makes: an executor.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, doc),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialise),
    slot(Py_tp_dealloc, destroy_object<FutureObject, clear>),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, future_attributes()),
    slot(Py_tp_members, members),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise.concurrent.futures._base.Future",
    .basicsize = sizeof(FutureObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int add_error(PyObject* module, const char* name, const char* doc_text, PyObject* base, PyObject*& kept) {
    const Ref full = Ref::steal(PyUnicode_FromFormat("threadwise.concurrent.futures._base.%s", name));
    if (!full) return -1;
    kept = PyErr_NewExceptionWithDoc(PyUnicode_AsUTF8(full.get()), doc_text, base, nullptr);
    return kept == nullptr ? -1 : PyModule_AddObjectRef(module, name, kept);
}

}  // namespace

bool is_future_type(const PyTypeObject* type) noexcept {
    return type->tp_dealloc == destroy_object<FutureObject, clear>;
}

FutureObject* make_future(State& state) {
    auto* const self = make_object<FutureObject>(state.future_type);
    if (self != nullptr) self->state = &state;
    return self;
}

int add_future(PyObject* module) {
    State& state = state_of_module(module);
    if (add_error(module, "Error", "What went wrong with a future.", nullptr, state.futures_error) < 0) return -1;
    if (add_error(module, "CancelledError", "The future was cancelled.", state.futures_error, state.cancelled_error) <
        0) {
        return -1;
    }
    if (add_error(module, "InvalidStateError", "The future is not in a state in which that may be done.",
                  state.futures_error, state.invalid_state_error) < 0) {
        return -1;
    }
    if (add_python_type(module, spec, state.future_type) < 0) return -1;
    return state.future_functions.remember(state.future_type) ? 0 : -1;
}

}  // namespace threadwise::python
