// ThreadPoolExecutor.submit().

#include "pool/pool.hpp"

#include <mutex>

#include "base/critical_section.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "futures/future.hpp"
#include "module/function.hpp"
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
    return 0;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(pool(self).work_queue);
    Py_VISIT(pool(self).threads);
    Py_VISIT(pool(self).broken);
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

/// Whether another worker may be started, and there is no idle one.
bool needs_worker(const PoolObject& self) {
    if (is_work_queue(*self.state, self.work_queue) && as<WorkQueueObject>(self.work_queue).claim_idle()) return false;
    return self.threads == nullptr || !PyAnySet_Check(self.threads) || PySet_GET_SIZE(self.threads) < self.max_workers;
}

bool put(PyObject* queue, const State& state, PyObject* item) {
    if (is_work_queue(state, queue)) return put_work(as<WorkQueueObject>(queue), state, item);
    return static_cast<bool>(Ref::steal(PyObject_CallMethod(queue, "put", "(O)", item)));
}

/// The call as threads make it that are not attached, if it is one of a C++ function; else null.
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

PyObject* submit(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 0) {
        PyErr_SetString(PyExc_TypeError, "submit() missing 1 required positional argument: 'fn'");
        return nullptr;
    }
    if (!accepts_work(pool(self)) && !refuse(self)) return nullptr;
    State& state = *pool(self).state;
    state.spent_work->let_go();
    Ref future = Ref::steal(reinterpret_cast<PyObject*>(make_future(state)));
    if (!future) return nullptr;
    const Ref item = Ref::steal(make_work_item(state, future.get(), args, count, names));
    if (!item) return nullptr;
    as<WorkItemObject>(item.get()).native = native_call(args, count, names);
    if (needs_worker(pool(self))) {
        const Ref put = Ref::steal(PyObject_CallMethod(self, "_put_for_new_worker", "O", item.get()));
        return put ? future.release() : nullptr;
    }
    const CriticalSection section(self);
    if (!accepts_work(pool(self)) && !refuse(self)) return nullptr;
    if (pool(self).work_queue == nullptr) return PyErr_Format(PyExc_RuntimeError, "__init__() was not called");
    return put(pool(self).work_queue, state, item.get()) ? future.release() : nullptr;
}

PyObject* close_pools(PyObject* module, PyObject*) {
    state_of_module(module).pools_are_closed.store(true);
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

PyMethodDef methods[] = {
    method("_close", close, METH_NOARGS, "_close($self, /)\n--\n\nTake no more calls."),
    method("_settle", settle, METH_NOARGS,
           "_settle($self, /)\n--\n\nWait for submits that are under way: after _close_pools()."),
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
    method("_close_pools", close_pools, METH_NOARGS,
           "_close_pools($module, /)\n--\n\nNo pool takes calls any more: the interpreter ends."),
    {},
};

}  // namespace

bool is_pool_type(const PyTypeObject* type) noexcept { return type->tp_dealloc == destroy; }

int add_pool(PyObject* module) {
    State& state = state_of_module(module);
    if (add_type(module, spec, state.pool_type) < 0) return -1;
    if (turn_methods_into_functions(state.pool_type, state.function_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

}  // namespace threadwise::python
