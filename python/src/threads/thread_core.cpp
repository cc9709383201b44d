// Where the core of a threading.Thread is.

#include "base/field.hpp"
#include "base/method.hpp"
#include "module/state.hpp"
#include "threads/thread.hpp"

namespace threadwise::python {
namespace {

PyType_Slot slots[] = {
    slot(Py_tp_dealloc, destroy_object<ThreadCoreObject>),
    slot(Py_tp_traverse, traverse_object<ThreadCoreObject>),
    slot(Py_tp_clear, clear_object<ThreadCoreObject>),
    slot(Py_tp_members, weakly_referenced<ThreadCoreObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise._threadwise._ThreadCore",
    .basicsize = sizeof(ThreadCoreObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

/// Whatever the thread's class has in the place of __getattribute__(). Null without an exception: nothing there.
Ref find(const State& state, PyObject* thread) {
    Ref found = Ref::steal(PyObject_GenericGetAttr(thread, state.thread_core_name));
    if (!found && PyErr_ExceptionMatches(PyExc_AttributeError) != 0) PyErr_Clear();
    return found && Py_IS_TYPE(found.get(), state.thread_core_type) ? std::move(found) : Ref();
}

}  // namespace

ThreadRef ThreadRef::find(PyObject* thread) {
    const State* const state = state_of_type(Py_TYPE(thread));
    return state == nullptr ? ThreadRef() : ThreadRef(python::find(*state, thread));
}

ThreadRef ThreadRef::find_or_make(PyObject* thread) {
    const State* const state = state_of_type(Py_TYPE(thread));
    if (state == nullptr) return {};
    if (ThreadRef found(python::find(*state, thread)); found || PyErr_Occurred() != nullptr) return found;
    Ref made = Ref::steal(reinterpret_cast<PyObject*>(make_object<ThreadCoreObject>(state->thread_core_type)));
    if (!made || PyObject_GenericSetAttr(thread, state->thread_core_name, made.get()) < 0) return {};
    return ThreadRef(std::move(made));
}

int add_thread_core(PyObject* module) {
    State& state = state_of_module(module);
    state.thread_core_name = PyUnicode_InternFromString("_threadwise");
    return state.thread_core_name == nullptr ? -1 : add_type(module, spec, state.thread_core_type);
}

}  // namespace threadwise::python
