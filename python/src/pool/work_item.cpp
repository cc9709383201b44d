#include "pool/work_item.hpp"

#include <utility>

#include "base/method.hpp"
#include "base/object.hpp"
#include "base/raised.hpp"
#include "base/waiting.hpp"

namespace threadwise::python {
namespace {

WorkItemObject& item(PyObject* self) noexcept { return as<WorkItemObject>(self); }

Py_ssize_t positional(const WorkItemObject& self) noexcept {
    return Py_SIZE(&self) - 1 - (self.names == nullptr ? 0 : PyTuple_GET_SIZE(self.names));
}

/// `_WorkItem(future, fn, args, kwargs)`, as code that knows Python's makes them.
PyObject* make(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"future", "fn", "args", "kwargs", nullptr};
    PyObject* future = nullptr;
    PyObject* function = nullptr;
    PyObject* positionals = nullptr;
    PyObject* named = nullptr;
    State* const state = state_of_type(type);
    if (state == nullptr ||
        PyArg_ParseTupleAndKeywords(args, keywords, "OOO!O!:_WorkItem", const_cast<char**>(names), &future, &function,
                                    &PyTuple_Type, &positionals, &PyDict_Type, &named) == 0) {
        return nullptr;
    }
    const Ref keyword_names = Ref::steal(PySequence_Tuple(named));
    const Ref head = Ref::steal(PyTuple_Pack(1, function));
    const Ref with_positionals = Ref::steal(head ? PySequence_Concat(head.get(), positionals) : nullptr);
    const Ref values = Ref::steal(PyDict_Values(named));
    const Ref value_tuple = Ref::steal(values ? PyList_AsTuple(values.get()) : nullptr);
    if (!keyword_names || !with_positionals || !value_tuple) return nullptr;
    const Ref call = Ref::steal(PySequence_Concat(with_positionals.get(), value_tuple.get()));
    if (!call) return nullptr;
    return make_work_item(*state, future, &PyTuple_GET_ITEM(call.get(), 0), PyTuple_GET_SIZE(with_positionals.get()),
                          keyword_names.get());
}

/// After it the item is empty.
int clear(PyObject* self) {
    Py_CLEAR(item(self).future);
    Py_CLEAR(item(self).names);
    for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(item(self).call[i]);
    return 0;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(item(self).future);
    Py_VISIT(item(self).names);
    for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(item(self).call[i]);
    return 0;
}

void destroy(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    clear(self);
    if (item(self).native != nullptr) item(self).native->destroy(item(self).native);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* run(PyObject* self, PyObject*) {
    if (!run_work_item(item(self))) return nullptr;
    Py_RETURN_NONE;
}

PyObject* get_args(PyObject* self, void*) {
    if (item(self).call[0] == nullptr) Py_RETURN_NONE;
    const Py_ssize_t count = positional(item(self));
    Ref tuple = Ref::steal(PyTuple_New(count));
    if (!tuple) return nullptr;
    for (Py_ssize_t i = 0; i < count; ++i) {
        PyTuple_SET_ITEM(tuple.get(), i, Ref::borrow(item(self).call[1 + i]).release());
    }
    return tuple.release();
}

PyObject* get_kwargs(PyObject* self, void*) {
    Ref dictionary = Ref::steal(PyDict_New());
    if (!dictionary || item(self).names == nullptr || item(self).call[0] == nullptr) return dictionary.release();
    PyObject* const* const values = item(self).call + 1 + positional(item(self));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(item(self).names); ++i) {
        if (PyDict_SetItem(dictionary.get(), PyTuple_GET_ITEM(item(self).names, i), values[i]) < 0) return nullptr;
    }
    return dictionary.release();
}

PyMethodDef methods[] = {
    method("run", run, METH_NOARGS, "run($self, /)\n--\n\nMake the call and set the future's result."),
    method("__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "See PEP 585"),
    {},
};

PyMemberDef members[] = {
    {"future", T_OBJECT, offsetof(WorkItemObject, future), READONLY, nullptr},
    {"fn", T_OBJECT, offsetof(WorkItemObject, call), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"args", get_args, nullptr, "The arguments by position.", nullptr},
    {"kwargs", get_kwargs, nullptr, "The arguments by keyword.", nullptr},
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "A call that a pool is to make."),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, members),
    slot(Py_tp_getset, attributes),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise.concurrent.futures.thread._WorkItem",
    .basicsize = offsetof(WorkItemObject, call),
    .itemsize = sizeof(PyObject*),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

Ref call_item(WorkItemObject& self) {
    return Ref::steal(
        PyObject_Vectorcall(self.call[0], self.call + 1, static_cast<std::size_t>(positional(self)), self.names));
}

/// Calls through the methods, which may have been replaced: the future is not of our type exactly.
bool run_foreign(WorkItemObject& self, PyObject* future) {
    const Ref running = Ref::steal(PyObject_CallMethod(future, "set_running_or_notify_cancel", nullptr));
    if (!running) return false;
    const int wanted = PyObject_IsTrue(running.get());
    if (wanted <= 0) return wanted == 0;
    const Ref result = call_item(self);
    if (result) return static_cast<bool>(Ref::steal(PyObject_CallMethod(future, "set_result", "(O)", result.get())));
    const Ref exception = take_raised();
    clear(reinterpret_cast<PyObject*>(&self));
    return static_cast<bool>(Ref::steal(PyObject_CallMethod(future, "set_exception", "(O)", exception.get())));
}

/// C++ has submitted it; or it was run before.
bool run_unanswered(WorkItemObject& self) {
    if (py::NativeCall* const call = std::exchange(self.native, nullptr)) {
        PyThreadState* const thread_state = detach();
        call->run(call);
        call->destroy(call);
        attach(thread_state);
    }
    return true;
}

}  // namespace

PyObject* make_work_item(State& state, PyObject* future, PyObject* const* call, Py_ssize_t count, PyObject* names) {
    const Py_ssize_t total = count + (names == nullptr ? 0 : PyTuple_GET_SIZE(names));
    auto* const self = reinterpret_cast<WorkItemObject*>(state.work_item_type->tp_alloc(state.work_item_type, total));
    if (self == nullptr) return nullptr;
    self->state = &state;
    self->future = Ref::borrow(future).release();
    self->names = Ref::borrow(names).release();
    for (Py_ssize_t i = 0; i < total; ++i) self->call[i] = Ref::borrow(call[i]).release();
    return reinterpret_cast<PyObject*>(self);
}

bool run_work_item(WorkItemObject& self) {
    const Ref future = Ref::borrow(self.future);
    if (!future) return run_unanswered(self);
    if (Py_TYPE(future.get()) != self.state->future_type) return run_foreign(self, future.get());
    auto& core = *reinterpret_cast<FutureObject*>(future.get());
    const int wanted = set_running_or_notify_cancel(core);
    if (wanted <= 0) {
        clear(reinterpret_cast<PyObject*>(&self));
        return wanted == 0;
    }
    const Ref result = call_item(self);
    Ref exception = result ? Ref() : take_raised();
    // What the call held is let go before the future is done: who has the result may rely on that.
    clear(reinterpret_cast<PyObject*>(&self));
    return result ? set_result(core, result.get()) : set_exception(core, exception.get());
}

int add_work_item(PyObject* module) { return add_type(module, spec, state_of_module(module).work_item_type); }

}  // namespace threadwise::python
