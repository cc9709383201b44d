#include "pool/work_item.hpp"

#include <array>
#include <utility>

#include "base/exceptions.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"

namespace threadwise::python {
namespace {

WorkItemObject& item(PyObject* self) noexcept { return as<WorkItemObject>(self); }

Py_ssize_t positional(const WorkItemObject& self) noexcept {
    return Py_SIZE(&self) - 1 - (self.names == nullptr ? 0 : PyTuple_GET_SIZE(self.names));
}

/// Into the dictionary, which is made if need be.
bool set_in_dictionary(WorkItemObject& self, const char* name, PyObject* value) {
    if (self.dict == nullptr) self.dict = PyDict_New();
    return self.dict != nullptr && value != nullptr && PyDict_SetItemString(self.dict, name, value) == 0;
}

/// Without a call: `_WorkItem.__init__()` sets it.
PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    State* const state = state_of_type(type);
    if (state == nullptr) return nullptr;
    auto* const self = reinterpret_cast<WorkItemObject*>(type->tp_alloc(type, 0));
    if (self != nullptr) self->state = state;
    return reinterpret_cast<PyObject*>(self);
}

/// `_WorkItem(future, fn, args, kwargs)`, or `_WorkItem(future, (fn, args, kwargs))` as from Python 3.14 on.
int initialise(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"future", "fn", "args", "kwargs", nullptr};
    static const char* names_with_task[] = {"future", "task", nullptr};
    PyObject* future = nullptr;
    PyObject* function = nullptr;
    PyObject* positionals = nullptr;
    PyObject* named = nullptr;
    PyObject* task = nullptr;
    const Py_ssize_t count = PyTuple_GET_SIZE(args) + (keywords == nullptr ? 0 : PyDict_GET_SIZE(keywords));
    if (count == 2) {
        if (PyArg_ParseTupleAndKeywords(args, keywords, "OO!:_WorkItem", const_cast<char**>(names_with_task), &future,
                                        &PyTuple_Type, &task) == 0 ||
            PyArg_ParseTuple(task, "OOO;a task is (fn, args, kwargs)", &function, &positionals, &named) == 0) {
            return -1;
        }
    } else if (PyArg_ParseTupleAndKeywords(args, keywords, "OOOO:_WorkItem", const_cast<char**>(names), &future,
                                           &function, &positionals, &named) == 0) {
        return -1;
    }
    replace_field(self, item(self).future, Ref::borrow(future));
    const bool set = set_in_dictionary(item(self), "fn", function) &&
                     set_in_dictionary(item(self), "args", positionals) &&
                     set_in_dictionary(item(self), "kwargs", named);
    return set ? 0 : -1;
}

/// After it the item is empty.
int clear(PyObject* self) {
    Py_CLEAR(item(self).future);
    Py_CLEAR(item(self).names);
    for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(item(self).call[i]);
    return 0;
}

int clear_all(PyObject* self) {
    Py_CLEAR(item(self).dict);
    return clear(self);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(item(self).future);
    Py_VISIT(item(self).names);
    Py_VISIT(item(self).dict);
    for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(item(self).call[i]);
    return 0;
}

void destroy(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    if (item(self).weak_references != nullptr) PyObject_ClearWeakRefs(self);
    clear_all(self);
    if (item(self).native != nullptr) item(self).native->destroy(item(self).native);
    type->tp_free(self);
    Py_DECREF(type);
}

/// `context`: what Python 3.14 makes the call in, which here needs none.
PyObject* run(PyObject* self, PyObject* const*, Py_ssize_t count) {
    if (count > 1) return PyErr_Format(PyExc_TypeError, "run() takes at most 1 argument: a context");
    if (!run_work_item(item(self))) return nullptr;
    Py_RETURN_NONE;
}

/// The attribute of that name in the dictionary, or null.
Ref in_dictionary(const WorkItemObject& self, const char* name) {
    return self.dict == nullptr ? Ref() : item_of(self.dict, name);
}

Ref packed_function(const WorkItemObject& self) {
    return Ref::borrow(Py_SIZE(&self) == 0 || self.call[0] == nullptr ? Py_None : self.call[0]);
}

Ref packed_arguments(const WorkItemObject& self) {
    if (Py_SIZE(&self) == 0 || self.call[0] == nullptr) return Ref::borrow(Py_None);
    const Py_ssize_t count = positional(self);
    Ref tuple = Ref::steal(PyTuple_New(count));
    for (Py_ssize_t i = 0; tuple && i < count; ++i) {
        PyTuple_SET_ITEM(tuple.get(), i, Ref::borrow(self.call[1 + i]).release());
    }
    return tuple;
}

Ref packed_keywords(const WorkItemObject& self) {
    Ref dictionary = Ref::steal(PyDict_New());
    if (!dictionary || self.names == nullptr || self.call[0] == nullptr) return dictionary;
    PyObject* const* const values = self.call + 1 + positional(self);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self.names); ++i) {
        if (PyDict_SetItem(dictionary.get(), PyTuple_GET_ITEM(self.names, i), values[i]) < 0) return {};
    }
    return dictionary;
}

/// What an attribute is as long as the dictionary has none of that name.
struct Part {
    const char* name;
    Ref (*packed)(const WorkItemObject& self);
};

constexpr std::array<Part, 3> parts = {Part{"fn", packed_function}, Part{"args", packed_arguments},
                                       Part{"kwargs", packed_keywords}};

Ref get_part(const WorkItemObject& self, const Part& part) {
    Ref value = in_dictionary(self, part.name);
    return value || PyErr_Occurred() != nullptr ? std::move(value) : part.packed(self);
}

/// From now on the call is in the dictionary.
bool unpack(WorkItemObject& self) {
    if (self.call[0] == nullptr || Py_SIZE(&self) == 0) return true;
    for (const Part& part : parts) {
        if (!set_in_dictionary(self, part.name, get_part(self, part).get())) return false;
    }
    const Ref future = Ref::borrow(self.future);
    clear(reinterpret_cast<PyObject*>(&self));
    self.future = future.new_reference();
    return true;
}

PyObject* get_attribute(PyObject* self, void* part) {
    return get_part(item(self), *static_cast<const Part*>(part)).release();
}

int set_attribute(PyObject* self, PyObject* value, void* part) {
    const Ref given = Ref::borrow(value == nullptr ? Py_None : value);
    if (!unpack(item(self))) return -1;
    return set_in_dictionary(item(self), static_cast<const Part*>(part)->name, given.get()) ? 0 : -1;
}

PyObject* get_task(PyObject* self, void*) {
    const Ref function = get_part(item(self), parts[0]);
    const Ref positionals = get_part(item(self), parts[1]);
    const Ref named = get_part(item(self), parts[2]);
    if (!function || !positionals || !named) return nullptr;
    return PyTuple_Pack(3, function.get(), positionals.get(), named.get());
}

int set_task(PyObject* self, PyObject* task, void*) {
    if (task == nullptr || !PyTuple_Check(task) || PyTuple_GET_SIZE(task) != 3) {
        PyErr_SetString(PyExc_TypeError, "a task is (fn, args, kwargs)");
        return -1;
    }
    const Ref given = Ref::borrow(task);
    if (!unpack(item(self))) return -1;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        PyObject* const value = PyTuple_GET_ITEM(task, static_cast<Py_ssize_t>(i));
        if (!set_in_dictionary(item(self), parts[i].name, value)) return -1;
    }
    return 0;
}

void* closure(const Part& part) { return const_cast<Part*>(&part); }

PyMethodDef methods[] = {
    method("run", run, "run($self, context=None, /)\n--\n\nMake the call and set the future's result."),
    method("__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "See PEP 585"),
    {},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(WorkItemObject, weak_references), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(WorkItemObject, dict), READONLY, nullptr},
    {"future", T_OBJECT, offsetof(WorkItemObject, future), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef attributes[] = {
    {"fn", get_attribute, set_attribute, "What is called.", closure(parts[0])},
    {"args", get_attribute, set_attribute, "The arguments by position.", closure(parts[1])},
    {"kwargs", get_attribute, set_attribute, "The arguments by keyword.", closure(parts[2])},
    {"task", get_task, set_task, "All three.", nullptr},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "A call that a pool is to make."),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialise),
    slot(Py_tp_dealloc, destroy),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear_all),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, members),
    slot(Py_tp_getset, attributes),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise.concurrent.futures.thread._WorkItem",
    .basicsize = offsetof(WorkItemObject, call),
    .itemsize = sizeof(PyObject*),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

/// What a program has made or changed.
Ref call_unpacked(const WorkItemObject& self) {
    const Ref function = get_part(self, parts[0]);
    const Ref positionals = get_part(self, parts[1]);
    const Ref named = get_part(self, parts[2]);
    const Ref tuple = Ref::steal(positionals ? PySequence_Tuple(positionals.get()) : nullptr);
    if (!function || !tuple || !named) return {};
    return Ref::steal(PyObject_Call(function.get(), tuple.get(), named.get()));
}

Ref call_item(WorkItemObject& self) {
    if (Py_SIZE(&self) == 0 || self.call[0] == nullptr) return call_unpacked(self);
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

PyObject* make_native_work_item(State& state, py::NativeCall* call) {
    PyObject* nothing = Py_None;
    PyObject* const item = make_work_item(state, nullptr, &nothing, 1, nullptr);
    if (item == nullptr) {
        call->destroy(call);
        return nullptr;
    }
    as<WorkItemObject>(item).native = call;
    return item;
}

bool run_work_item(WorkItemObject& self) {
    const Ref future = Ref::borrow(self.future);
    if (!future) return run_unanswered(self);
    if (!is_future(*self.state, future.get()) || !is_plain(*reinterpret_cast<FutureObject*>(future.get()))) {
        return run_foreign(self, future.get());
    }
    auto& core = *reinterpret_cast<FutureObject*>(future.get());
    const int wanted = set_running_or_notify_cancel(core);
    if (wanted <= 0) {
        clear(reinterpret_cast<PyObject*>(&self));
        return wanted == 0;
    }
    const Ref result = call_item(self);
    Ref exception = result ? Ref() : take_raised();
    // What the call held is dropped before the future is done: code that has the result may rely on that.
    clear(reinterpret_cast<PyObject*>(&self));
    return result ? set_result(core, result.get()) : set_exception(core, exception.get());
}

int add_work_item(PyObject* module) {
    State& state = state_of_module(module);
    if (add_python_type(module, spec, state.work_item_type) < 0) return -1;
    return state.work_item_functions.remember(state.work_item_type) ? 0 : -1;
}

}  // namespace threadwise::python
