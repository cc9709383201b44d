// ThreadPoolExecutor.submit().

#include "pool/pool.hpp"

#include <mutex>

#include "base/critical_section.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "futures/future.hpp"
#include "locks/lock.hpp"
#include "pool/spent_work.hpp"
#include "pool/work_item.hpp"

namespace threadwise::python {
namespace {

PoolObject& pool(PyObject* self) noexcept { return as<PoolObject>(self); }

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    State* const state = state_of_type(type);
    if (state == nullptr) return nullptr;
    PyObject* const self = type->tp_alloc(type, 0);
    if (self == nullptr) return nullptr;
    new (&pool(self).submitting) Lock;
    pool(self).state = state;
    return self;
}

int clear(PyObject* self) {
    Py_CLEAR(pool(self).work_queue);
    Py_CLEAR(pool(self).threads);
    Py_CLEAR(pool(self).broken);
    Py_CLEAR(pool(self).shutdown_lock);
    return 0;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(pool(self).work_queue);
    Py_VISIT(pool(self).threads);
    Py_VISIT(pool(self).broken);
    Py_VISIT(pool(self).shutdown_lock);
    return 0;
}

void destroy(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    if (pool(self).weak_references != nullptr) PyObject_ClearWeakRefs(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/// Raises what fits: the words are in Python.
bool refuse(PyObject* self) {
    const Ref never = Ref::steal(PyObject_CallMethod(self, "_refuse_work", nullptr));
    if (never) PyErr_SetString(PyExc_RuntimeError, "cannot schedule new futures");
    return false;
}

/// Whether a program holds the lock that Python's submit() takes. Ours need not, but a program may rely on it.
bool is_locked(const PoolObject& self) noexcept {
    return self.shutdown_lock != nullptr &&
           (!is_lock(*self.state, self.shutdown_lock) || as<LockObject>(self.shutdown_lock).core.locked());
}

/// Whether submit() has to do more than to put the call into the queue: another worker may be started, and there is no
/// idle one; or a program has changed how that goes.
bool is_out_of_the_ordinary(const PoolObject& self) {
    if (self.always_adjusts != 0 || is_locked(self)) return true;
    if (!is_work_queue(*self.state, self.work_queue)) return true;
    if (as<WorkQueueObject>(self.work_queue).claim_idle()) return false;
    return self.threads == nullptr || !PyAnySet_Check(self.threads) || PySet_GET_SIZE(self.threads) < self.max_workers;
}

/// The call as detached threads make it, if it is one of a C++ function; else null.
py::NativeCall* native_call(PyObject* const* call, Py_ssize_t count, PyObject* names) {
    constexpr const char* name = py::NativeFunction::capsule_name;
    if (!PyCFunction_CheckExact(call[0]) || names != nullptr) return nullptr;
    PyObject* const capsule = PyCFunction_GET_SELF(call[0]);
    if (capsule == nullptr || PyCapsule_IsValid(capsule, name) == 0) return nullptr;
    auto* const function = static_cast<py::NativeFunction*>(PyCapsule_GetPointer(capsule, name));
    py::NativeCall* const native = function->prepare(function, call + 1, count - 1);
    if (native == nullptr) PyErr_Clear();  // the call itself will say so, in the future
    return native;
}

/// Whether calls are made of our classes, as we made them: see _replace().
bool makes_calls_itself(State& state) noexcept {
    return state.future_class == nullptr && state.work_item_class == nullptr &&
           state.future_functions.are_unchanged() && state.work_item_functions.are_unchanged();
}

bool put_by_python(PyObject* self, PyObject* item) {
    return static_cast<bool>(Ref::steal(PyObject_CallMethod(self, "_put_by_python", "O", item)));
}

Ref instance_of(PyObject* replaced, PyTypeObject* ours, PyObject* args) {
    PyObject* const type = replaced == nullptr ? reinterpret_cast<PyObject*>(ours) : replaced;
    return Ref::steal(PyObject_CallObject(type, args));
}

/// The arguments of a _WorkItem as this version of Python's has them.
Ref item_arguments(PyObject* future, PyObject* function, PyObject* positionals, PyObject* named) {
    constexpr const char* format = PY_VERSION_HEX >= 0x030E0000 ? "O(OOO)" : "OOOO";
    return Ref::steal(Py_BuildValue(format, future, function, positionals, named));
}

/// submit() as Python's own goes about it, step by step.
PyObject* submit_replaced(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    const State& state = *pool(self).state;
    const Ref positionals = Ref::steal(PyTuple_New(count - 1));
    const Ref named = Ref::steal(PyDict_New());
    if (!positionals || !named) return nullptr;
    for (Py_ssize_t i = 1; i < count; ++i) {
        PyTuple_SET_ITEM(positionals.get(), i - 1, Ref::borrow(args[i]).release());
    }
    for (Py_ssize_t i = 0; names != nullptr && i < PyTuple_GET_SIZE(names); ++i) {
        if (PyDict_SetItem(named.get(), PyTuple_GET_ITEM(names, i), args[count + i]) < 0) return nullptr;
    }
    Ref future = instance_of(Ref::borrow(state.future_class).get(), state.future_type, nullptr);
    const Ref arguments = future ? item_arguments(future.get(), args[0], positionals.get(), named.get()) : Ref();
    const Ref item = arguments
                         ? instance_of(Ref::borrow(state.work_item_class).get(), state.work_item_type, arguments.get())
                         : Ref();
    return item && put_by_python(self, item.get()) ? future.release() : nullptr;
}

PyObject* submit(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 0) {
        PyErr_SetString(PyExc_TypeError, "submit() missing 1 required positional argument: 'fn'");
        return nullptr;
    }
    if (!accepts_work(pool(self)) && !refuse(self)) return nullptr;
    State& state = *pool(self).state;
    state.spent_work->destroy_any();
    if (!makes_calls_itself(state)) return submit_replaced(self, args, count, names);
    Ref future = Ref::steal(reinterpret_cast<PyObject*>(make_future(state)));
    if (!future) return nullptr;
    const Ref item = Ref::steal(make_work_item(state, future.get(), args, count, names));
    if (!item) return nullptr;
    as<WorkItemObject>(item.get()).native = native_call(args, count, names);
    if (is_out_of_the_ordinary(pool(self))) return put_by_python(self, item.get()) ? future.release() : nullptr;
    const CriticalSection section(self);
    if (!accepts_work(pool(self)) && !refuse(self)) return nullptr;
    return put_work(as<WorkQueueObject>(pool(self).work_queue), state, item.get()) ? future.release() : nullptr;
}

/// A program has put something else in the place of a class in one of our modules; or the class again.
PyObject* replace(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    State& state = state_of_module(module);
    if (count != 2) return PyErr_Format(PyExc_TypeError, "_replace() takes a class of ours and what stands for it");
    const bool is_future = args[0] == reinterpret_cast<PyObject*>(state.future_type);
    PyObject*& place = is_future ? state.future_class : state.work_item_class;
    replace_field(module, place, Ref::borrow(args[1] == args[0] ? nullptr : args[1]));
    Py_RETURN_NONE;
}

PyObject* set_pools_closed(PyObject* module, PyObject* closed) {
    state_of_module(module).pools_are_closed.store(closed == Py_True);
    Py_RETURN_NONE;
}

/// Calls that found the pool open are in the queue when this returns.
PyObject* close(PyObject* self, PyObject*) {
    const CriticalSection section(self);
    const std::scoped_lock hold(pool(self).submitting);
    std::atomic_ref(pool(self).shutdown).store(1, std::memory_order_relaxed);  // as look_at() says
    Py_RETURN_NONE;
}

PyObject* settle(PyObject* self, PyObject*) {
    const CriticalSection section(self);
    const std::scoped_lock hold(pool(self).submitting);
    Py_RETURN_NONE;
}

/// A C++ thread of the parent may have been in the middle of a submit.
PyObject* begin_anew(PyObject* self, PyObject*) {
    new (&pool(self).submitting) Lock;
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    method("_close", close, METH_NOARGS, "_close($self, /)\n--\n\nTake no more calls."),
    method("_settle", settle, METH_NOARGS,
           "_settle($self, /)\n--\n\nWait for submits that are under way: after _set_pools_closed()."),
    method("_begin_anew", begin_anew, METH_NOARGS,
           "_begin_anew($self, /)\n--\n\nIn a forked child: no submit is under way."),
    method("submit", submit,
           "submit($self, fn, /, *args, **kwargs)\n--\n\n"
           "Have fn(*args, **kwargs) called by a thread of the pool. Returns its Future."),
    {},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(PoolObject, weak_references), READONLY, nullptr},
    {"_work_queue", T_OBJECT, offsetof(PoolObject, work_queue), 0, nullptr},
    {"_threads", T_OBJECT, offsetof(PoolObject, threads), 0, nullptr},
    {"_broken", T_OBJECT, offsetof(PoolObject, broken), 0, nullptr},
    {"_shutdown_lock", T_OBJECT, offsetof(PoolObject, shutdown_lock), 0, nullptr},
    {"_always_adjusts", T_BOOL, offsetof(PoolObject, always_adjusts), 0, nullptr},
    {"_max_workers", T_PYSSIZET, offsetof(PoolObject, max_workers), 0, nullptr},
    {"_shutdown", T_BOOL, offsetof(PoolObject, shutdown), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "The base of ThreadPoolExecutor: how a call gets to a worker."),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, members),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise.concurrent.futures.thread._Pool",
    .basicsize = sizeof(PoolObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

PyMethodDef functions[] = {
    method("_replace", replace, "_replace($module, own, other, /)\n--\n\nFor submit(): what it makes its calls of."),
    method("_set_pools_closed", set_pools_closed, METH_O,
           "_set_pools_closed($module, closed, /)\n--\n\nWhether no pool takes calls any more: the interpreter ends."),
    {},
};

}  // namespace

bool is_pool_type(const PyTypeObject* type) noexcept { return type->tp_dealloc == destroy; }

int add_pool(PyObject* module) {
    State& state = state_of_module(module);
    if (add_python_type(module, spec, state.pool_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

}  // namespace threadwise::python
