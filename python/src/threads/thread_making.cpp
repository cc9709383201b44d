// How a threading.Thread is made, with all that is to be said of it before it starts.

#include <utility>

#include "base/field.hpp"
#include "threads/thread_methods.hpp"
#include "threads/thread_start.hpp"
#include "threads/threads.hpp"

namespace threadwise::python {
namespace {

/// `Thread-N`, or `Thread-N (target)`.
Ref default_name(const State& state, PyObject* target) {
    const Ref number = call_threading(state, "_counter");
    if (!number) return {};
    if (target != Py_None) {
        const Ref name = Ref::steal(PyObject_GetAttrString(target, "__name__"));
        if (name) return Ref::steal(PyUnicode_FromFormat("Thread-%S (%S)", number.get(), name.get()));
        if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) return {};
        PyErr_Clear();
    }
    return Ref::steal(PyUnicode_FromFormat("Thread-%S", number.get()));
}

/// 1 or 0; -1 with an exception set.
int daemon_of_current_thread(State& state) {
    const Ref current = current_thread_object(state);
    const Ref daemon = current ? Ref::steal(PyObject_GetAttrString(current.get(), "daemon")) : Ref();
    return daemon ? PyObject_IsTrue(daemon.get()) : -1;
}

}  // namespace

bool may_be_daemon(const State& state) {
    const Ref allowed = call_threading(state, "_daemon_threads_allowed");
    if (!allowed) return false;
    return allowed.get() == Py_True ||
           refuse(PyExc_RuntimeError, "daemon threads are disabled in this (sub)interpreter");
}

int initialize_thread(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"group", "target", "name", "args", "kwargs", "daemon", "context", nullptr};
    PyObject* group = Py_None;
    PyObject* target = Py_None;
    PyObject* name = Py_None;
    PyObject* arguments = nullptr;
    PyObject* keyword_arguments = Py_None;
    PyObject* daemon = Py_None;
    PyObject* context = Py_None;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "|OOOOO$OO:Thread", const_cast<char**>(names), &group, &target,
                                    &name, &arguments, &keyword_arguments, &daemon, &context) == 0) {
        return -1;
    }
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (group != Py_None) return refuse(PyExc_AssertionError, "group argument must be None for now") ? 0 : -1;
    const int is_named = PyObject_IsTrue(name);
    if (is_named < 0) return -1;
    Ref name_text = is_named != 0 ? Ref::steal(PyObject_Str(name)) : default_name(*state, target);
    if (!name_text) return -1;
    const int is_daemon = daemon == Py_None ? daemon_of_current_thread(*state) : PyObject_IsTrue(daemon);
    if (is_daemon < 0 || (daemon != Py_None && is_daemon != 0 && !may_be_daemon(*state))) return -1;
    Ref started = Ref::steal(PyObject_CallNoArgs(reinterpret_cast<PyObject*>(state->event_type)));
    Ref given_args = arguments == nullptr ? Ref::steal(PyTuple_New(0)) : Ref::borrow(arguments);
    Ref given_keywords = keyword_arguments == Py_None ? Ref::steal(PyDict_New()) : Ref::borrow(keyword_arguments);
    if (!started || !given_args || !given_keywords) return -1;
    const ThreadRef thread = ThreadRef::find_or_make(self);
    if (!thread || !thread->renew_life()) return -1;
    Ref handle = make_handle(*state, thread->life);
    if (!handle) return -1;
    replace_field(thread.object(), thread->handle, std::move(handle));
    replace_field(thread.object(), thread->target, Ref::borrow(target));
    replace_field(thread.object(), thread->name, std::move(name_text));
    replace_field(thread.object(), thread->args, std::move(given_args));
    replace_field(thread.object(), thread->kwargs, std::move(given_keywords));
    replace_field(thread.object(), thread->context, Ref::borrow(context));
    replace_field(thread.object(), thread->started, std::move(started));
    replace_field(thread.object(), thread->stderr_file, sys_attribute("stderr"));
    thread->daemonic = is_daemon != 0 ? 1 : 0;
    thread->initialized = true;
    return Ref::steal(PyObject_CallMethod(state->dangling, "add", "O", self)) ? 0 : -1;
}

bool ThreadCore::renew_life() {
    try {
        life = std::make_shared<ThreadLife>();
        return true;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return false;
    }
}

}  // namespace threadwise::python
