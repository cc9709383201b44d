// threading.Timer.

#include <array>

#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "module/function.hpp"
#include "module/state.hpp"
#include "threads/threads.hpp"

namespace threadwise::python {
namespace {

/// A Timer is a Thread with five attributes more, which programs may set like any others.
bool set_attribute(PyObject* self, const char* name, const Ref& value) {
    return value && PyObject_SetAttrString(self, name, value.get()) == 0;
}

Ref given_or(PyObject* given, PyObject* (*make)()) {
    return given == Py_None ? Ref::steal(make()) : Ref::borrow(given);
}

PyObject* make_list() { return PyList_New(0); }

int initialize(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"interval", "function", "args", "kwargs", nullptr};
    PyObject* interval = nullptr;
    PyObject* function = nullptr;
    PyObject* arguments = Py_None;
    PyObject* keyword_arguments = Py_None;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "OO|OO:Timer", const_cast<char**>(names), &interval, &function,
                                    &arguments, &keyword_arguments) == 0) {
        return -1;
    }
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr || !is_attached(*state)) return -1;
    // By their names, as programs wrap it.
    const Ref thread_class = item_of(state->threading, "Thread");
    if (!thread_class || !Ref::steal(PyObject_CallMethod(thread_class.get(), "__init__", "O", self))) return -1;
    const bool done = set_attribute(self, "interval", Ref::borrow(interval)) &&
                      set_attribute(self, "function", Ref::borrow(function)) &&
                      set_attribute(self, "args", given_or(arguments, make_list)) &&
                      set_attribute(self, "kwargs", given_or(keyword_arguments, PyDict_New)) &&
                      set_attribute(self, "finished",
                                    Ref::steal(PyObject_CallNoArgs(reinterpret_cast<PyObject*>(state->event_type))));
    return done ? 0 : -1;
}

/// `self.finished.NAME(...)`, with one argument or none.
Ref ask_finished(PyObject* self, const char* name, PyObject* argument = nullptr) {
    const Ref finished = Ref::steal(PyObject_GetAttrString(self, "finished"));
    const Ref method = finished ? Ref::steal(PyObject_GetAttrString(finished.get(), name)) : Ref();
    if (!method) return {};
    return Ref::steal(argument == nullptr ? PyObject_CallNoArgs(method.get())
                                          : PyObject_CallOneArg(method.get(), argument));
}

PyObject* cancel(PyObject* self, PyObject*) { return ask_finished(self, "set") ? Py_NewRef(Py_None) : nullptr; }

/// 1 once finished, 0 when the interval is over; -1 with an exception set.
int wait_until_finished(PyObject* self) {
    const Ref interval = Ref::steal(PyObject_GetAttrString(self, "interval"));
    const Ref finished = interval ? ask_finished(self, "wait", interval.get()) : Ref();
    return finished ? PyObject_IsTrue(finished.get()) : -1;
}

bool call_function(PyObject* self) {
    const Ref function = Ref::steal(PyObject_GetAttrString(self, "function"));
    const Ref given_args = function ? Ref::steal(PyObject_GetAttrString(self, "args")) : Ref();
    const Ref args = given_args ? Ref::steal(PySequence_Tuple(given_args.get())) : Ref();
    const Ref given_keywords = args ? Ref::steal(PyObject_GetAttrString(self, "kwargs")) : Ref();
    const Ref keywords = given_keywords ? Ref::steal(PyDict_New()) : Ref();
    if (!keywords || PyDict_Update(keywords.get(), given_keywords.get()) < 0) return false;
    return static_cast<bool>(
        Ref::steal(call_python([&] { return PyObject_Call(function.get(), args.get(), keywords.get()); })));
}

PyObject* run(PyObject* self, PyObject*) {
    const int finished = wait_until_finished(self);
    if (finished < 0 || (finished == 0 && !call_function(self))) return nullptr;
    return cancel(self, nullptr);
}

PyMethodDef methods[] = {
    method("cancel", cancel, "cancel($self, /)\n--\n\nNothing will be called, if it was not called yet."),
    method("run", run, "run($self, /)\n--\n\nWhat the thread does: waits, and calls the function unless cancelled."),
    {},
};

constexpr const char* timer_doc =
    "Timer(interval, function, args=None, kwargs=None)\n--\n\n"
    "A thread that calls function(*args, **kwargs) after so many seconds, unless cancel() is called before.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, timer_doc),
    slot(Py_tp_init, initialize),
    slot(Py_tp_methods, methods),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threading.Timer",
    .basicsize = sizeof(PyObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

}  // namespace

int add_timer(PyObject* module) {
    State& state = state_of_module(module);
    if (add_type(module, spec, state.timer_type, state.thread_type) < 0) return -1;
    return turn_methods_into_functions(state.timer_type, state.function_type);
}

}  // namespace threadwise::python
