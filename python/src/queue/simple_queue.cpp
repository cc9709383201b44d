#include "queue/simple_queue.hpp"

#include "base/arguments.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "queue/native_item.hpp"
#include "queue/queue.hpp"
#include "queue/queue_call.hpp"

namespace threadwise::python {
namespace {

SimpleQueueObject& queue(PyObject* self) noexcept { return as<SimpleQueueObject>(self); }

PyObject* make(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    State* const state = state_of_type(type);
    if (state == nullptr) return nullptr;
    if (type == state->simple_queue_type &&
        (PyTuple_GET_SIZE(args) != 0 || (keywords != nullptr && PyDict_GET_SIZE(keywords) != 0))) {
        PyErr_SetString(PyExc_TypeError, "SimpleQueue() takes no arguments");
        return nullptr;
    }
    auto* const self = make_object<SimpleQueueObject>(type, ItemQueue::Order::oldest_first);
    if (self != nullptr) self->state = state;
    return reinterpret_cast<PyObject*>(self);
}

int clear(PyObject* self) {
    drop(queue(self).core.take_all());
    return 0;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return queue(self).core.traverse(visit, arg);
}

PyObject* put_item(PyObject* self, PyObject* item) {
    Py_INCREF(item);
    if (queue(self).core.put(item) == QueueOutcome::done) [[likely]]
        Py_RETURN_NONE;
    Py_DECREF(item);
    return PyErr_NoMemory();
}

PyObject* put(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 1 && names == nullptr) return put_item(self, args[0]);
    Arguments<3> given("put", {"item", "block", "timeout"}, 1);
    return given.parse(args, count, names) ? put_item(self, given[0]) : nullptr;
}

PyObject* put_nowait(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("put_nowait", {"item"}, 1);
    return given.parse(args, count, names) ? put_item(self, given[0]) : nullptr;
}

PyObject* refuse(PyObject* self) {
    PyErr_SetNone(queue(self).state->empty_error);
    return nullptr;
}

PyObject* wait_for_item(PyObject* self, QueueCall& call) {
    ItemQueue& core = queue(self).core;
    PyObject* item = nullptr;
    while (core.get(item) != QueueOutcome::done) {
        if (!call.waits()) return refuse(self);
        const Waited waited = call.wait(QueueWaiter::Kind::get, core.items(), self);
        if (waited == Waited::failed) return nullptr;
        if (waited == Waited::timed_out) return refuse(self);
    }
    return to_object(item);
}

PyObject* get(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    PyObject* item = nullptr;
    if (count == 0 && names == nullptr) {
        if (queue(self).core.get(item) == QueueOutcome::done) return to_object(item);
        QueueCall call;
        return wait_for_item(self, call);
    }
    Arguments<2> given("get", {"block", "timeout"});
    QueueCall call;
    if (!given.parse(args, count, names) || !call.parse(given[0], given[1])) return nullptr;
    return wait_for_item(self, call);
}

PyObject* get_nowait(PyObject* self, PyObject*) {
    PyObject* item = nullptr;
    return queue(self).core.get(item) == QueueOutcome::done ? to_object(item) : refuse(self);
}

PyObject* qsize(PyObject* self, PyObject*) { return PyLong_FromSize_t(queue(self).core.size()); }

PyObject* empty(PyObject* self, PyObject*) { return PyBool_FromLong(queue(self).core.size() == 0); }

PyMethodDef methods[] = {
    method("put", put,
           "put($self, /, item, block=True, timeout=None)\n--\n\n"
           "Put an item into the queue. Never waits: block and timeout are there for the sake of Queue's users."),
    method("get", get,
           "get($self, /, block=True, timeout=None)\n--\n\n"
           "Take the oldest item; while there is none, wait for one, at most timeout seconds.\n\n"
           "Raises Empty if there was none within that time, or at once if block is false."),
    method("put_nowait", put_nowait, "put_nowait($self, /, item)\n--\n\nThe same as put(item)."),
    method("get_nowait", get_nowait, METH_NOARGS, "get_nowait($self, /)\n--\n\nget(block=False)"),
    method("qsize", qsize, METH_NOARGS, "qsize($self, /)\n--\n\nHow many items there were a moment ago."),
    method("empty", empty, METH_NOARGS, "empty($self, /)\n--\n\nWhether there was no item a moment ago."),
    method("__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "See PEP 585"),
    {},
};

constexpr const char* doc =
    "SimpleQueue()\n--\n\nA queue between threads, first in, first out, without limit, task_done() and shutdown().";

PyType_Slot slots[] = {
    slot(Py_tp_doc, doc),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy_object<SimpleQueueObject, clear>),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, weakly_referenced<SimpleQueueObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise.queue.SimpleQueue",
    .basicsize = sizeof(SimpleQueueObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

}  // namespace

bool is_simple_queue_type(const PyTypeObject* type) noexcept {
    return type->tp_dealloc == destroy_object<SimpleQueueObject, clear>;
}

int add_simple_queue(PyObject* module) { return add_type(module, spec, state_of_module(module).simple_queue_type); }

}  // namespace threadwise::python
