// queue.Queue, LifoQueue and PriorityQueue: making them, looking at them, and the types.

#include "queue/queue.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"

namespace threadwise::python {
namespace {

// Making one.

QueueKind kind_of(const State& state, PyTypeObject* type) noexcept {
    if (PyType_IsSubtype(type, state.lifo_queue_type) != 0) return QueueKind::last_in_first_out;
    if (PyType_IsSubtype(type, state.priority_queue_type) != 0) return QueueKind::by_priority;
    return QueueKind::first_in_first_out;
}

PyTypeObject* type_of(const QueueObject& self) noexcept {
    const State& state = *self.state;
    switch (self.kind) {
        case QueueKind::last_in_first_out: return state.lifo_queue_type;
        case QueueKind::by_priority: return state.priority_queue_type;
        case QueueKind::first_in_first_out: break;
    }
    return state.queue_type;
}

/// What a program may replace to keep the items in its own way.
constexpr std::array keepers = {"_init", "_qsize", "_put", "_get"};

Originals& functions_of(QueueObject& self) noexcept {
    switch (self.kind) {
        case QueueKind::last_in_first_out: return self.state->lifo_queue_functions;
        case QueueKind::by_priority: return self.state->priority_queue_functions;
        case QueueKind::first_in_first_out: break;
    }
    return self.state->queue_functions;
}

/// The function of that name that our type was made with; null once the module is being taken apart.
Ref original(QueueObject& self, PyObject* name) {
    PyObject* const own = functions_of(self).functions();
    PyObject* const inherited = self.state->queue_functions.functions();
    Ref function = own == nullptr ? Ref() : item_of(own, name);
    return function || inherited == nullptr ? std::move(function) : item_of(inherited, name);
}

/// Whether the class keeps the items in its own way: a subclass, or a program that has changed ours. -1 on error.
int keeps_items_itself(QueueObject& self) {
    for (const char* const keeper : keepers) {
        const Ref name = Ref::steal(PyUnicode_InternFromString(keeper));
        if (!name) return -1;
        const Ref ours = original(self, name.get());
        if (ours && look_up_in_class(Py_TYPE(&self), name.get()).get() != ours.get()) return 1;
    }
    return 0;
}

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    State* const state = state_of_type(type);
    if (state == nullptr) return nullptr;
    const QueueKind kind = kind_of(*state, type);
    auto* const self = make_object<QueueObject>(
        type, kind == QueueKind::last_in_first_out ? ItemQueue::Order::newest_first : ItemQueue::Order::oldest_first);
    if (self == nullptr) return nullptr;
    new (&self->order_lock) Lock;
    self->state = state;
    self->kind = kind;
    self->exact = type == type_of(*self);
    new (&self->version) std::atomic<unsigned>(0);
    self->maxsize = PyLong_FromLong(0);
    return reinterpret_cast<PyObject*>(self);
}

/// What `maxsize`, any number, means: false with TypeError set if it is none.
bool limit_of(PyObject* maxsize, std::size_t& limit) {
    const double number = PyFloat_AsDouble(maxsize);
    if (number == -1 && PyErr_Occurred() != nullptr) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) return false;
        PyErr_Clear();
        limit = ItemQueue::unlimited;
        return true;
    }
    constexpr double most = 1e15;
    limit = number > 0 && number < most ? static_cast<std::size_t>(std::ceil(number)) : ItemQueue::unlimited;
    return true;
}

int set_maxsize(PyObject* self, PyObject* maxsize, void*) {
    std::size_t limit = 0;
    if (maxsize == nullptr) {
        PyErr_SetString(PyExc_AttributeError, "maxsize cannot be deleted: set it to 0 for no limit");
        return -1;
    }
    if (!limit_of(maxsize, limit)) return -1;
    replace_field(self, queue(self).maxsize, Ref::borrow(maxsize));
    if (limit != queue(self).core.limit()) queue(self).core.set_limit(limit);
    return 0;
}

PyObject* get_maxsize(PyObject* self, void*) { return read_field(self, queue(self).maxsize).release(); }

bool is_keeper(PyObject* name) {
    return PyUnicode_Check(name) && std::any_of(keepers.begin(), keepers.end(), [name](const char* keeper) {
               return PyUnicode_CompareWithASCIIString(name, keeper) == 0;
           });
}

/// A function that keeps the items may be replaced in one object, too.
int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
    if (PyObject_GenericSetAttr(self, name, value) < 0) return -1;
    return is_keeper(name) && parts_of(queue(self)) == nullptr ? -1 : 0;
}

int initialise(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"maxsize", nullptr};
    PyObject* maxsize = nullptr;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "|O:Queue", const_cast<char**>(names), &maxsize) == 0) return -1;
    if (maxsize != nullptr && set_maxsize(self, maxsize, nullptr) < 0) return -1;
    if (queue(self).exact && has_originals(queue(self))) {
        queue(self).version.store(version_of_class(queue(self)), std::memory_order_relaxed);
        return 0;
    }
    const int itself = keeps_items_itself(queue(self));
    if (itself <= 0) return itself;
    if (parts_of(queue(self)) == nullptr) return -1;
    return Ref::steal(PyObject_CallMethod(self, "_init", "(O)", queue(self).maxsize)) ? 0 : -1;
}

// Its end.

int clear(PyObject* self) {
    drop(queue(self).core.expose());
    Py_CLEAR(queue(self).parts);
    Py_CLEAR(queue(self).dict);
    return 0;
}

void destroy(PyObject* self) {
    PyObject_GC_UnTrack(self);
    Py_CLEAR(queue(self).maxsize);
    destroy_object<QueueObject, clear>(self);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(queue(self).dict);
    Py_VISIT(queue(self).maxsize);
    Py_VISIT(queue(self).parts);
    return queue(self).core.traverse(visit, arg);
}

// Looking at it.

PyObject* qsize(PyObject* self, PyObject*) {
    if (!follow_class(queue(self))) return nullptr;
    if (queue(self).core.is_exposed()) return call_parts(queue(self), "qsize");
    return PyLong_FromSize_t(queue(self).core.size());
}

PyObject* empty(PyObject* self, PyObject*) {
    if (!follow_class(queue(self))) return nullptr;
    if (queue(self).core.is_exposed()) return call_parts(queue(self), "empty");
    return PyBool_FromLong(queue(self).core.size() == 0);
}

PyObject* full(PyObject* self, PyObject*) {
    if (!follow_class(queue(self))) return nullptr;
    if (queue(self).core.is_exposed()) return call_parts(queue(self), "full");
    return PyBool_FromLong(queue(self).core.size() >= queue(self).core.limit());
}

// The parts.

PyObject* get_part(PyObject* self, void* name) {
    PyObject* const parts = parts_of(queue(self));
    return parts == nullptr ? nullptr : PyObject_GetAttrString(parts, static_cast<const char*>(name));
}

int set_part(PyObject* self, PyObject* value, void* name) {
    PyObject* const parts = parts_of(queue(self));
    return parts == nullptr ? -1 : PyObject_SetAttrString(parts, static_cast<const char*>(name), value);
}

PyObject* get_unfinished(PyObject* self, void* name) {
    if (queue(self).core.is_exposed()) return get_part(self, name);
    return PyLong_FromSize_t(queue(self).core.unfinished());
}

PyObject* get_is_shutdown(PyObject* self, void* name) {
    if (queue(self).core.is_exposed()) return get_part(self, name);
    return PyBool_FromLong(queue(self).core.is_shut_down());
}

/// _init(), _qsize(), _put() and _get(): what a subclass may replace, and call.
PyObject* keep_init(PyObject* self, PyObject* maxsize) { return call_parts(queue(self), "keep_nothing", {maxsize}); }
PyObject* keep_size(PyObject* self, PyObject*) { return call_parts(queue(self), "keep_size"); }
PyObject* keep_put(PyObject* self, PyObject* item) { return call_parts(queue(self), "keep_put", {item}); }
PyObject* keep_get(PyObject* self, PyObject*) { return call_parts(queue(self), "keep_get"); }

// The types.

constexpr const char* put_doc =
    "put($self, /, item, block=True, timeout=None)\n--\n\n"
    "Put an item into the queue; while it is full, wait for room, at most timeout seconds.\n\n"
    "Raises Full if there was none within that time, or at once if block is false, and ShutDown after shutdown().";
constexpr const char* get_doc =
    "get($self, /, block=True, timeout=None)\n--\n\n"
    "Take an item out of the queue; while it is empty, wait for one, at most timeout seconds.\n\n"
    "Raises Empty if there was none within that time, or at once if block is false, and ShutDown if the queue is "
    "empty\n"
    "after shutdown().";

PyMethodDef methods[] = {
    method("put", queue_put, put_doc),
    method("get", queue_get, get_doc),
    method("put_nowait", queue_put_nowait, "put_nowait($self, /, item)\n--\n\nput(item, block=False)"),
    method("get_nowait", queue_get_nowait, METH_NOARGS, "get_nowait($self, /)\n--\n\nget(block=False)"),
    method("qsize", qsize, METH_NOARGS, "qsize($self, /)\n--\n\nHow many items there were a moment ago."),
    method("empty", empty, METH_NOARGS, "empty($self, /)\n--\n\nWhether there was no item a moment ago."),
    method("full", full, METH_NOARGS, "full($self, /)\n--\n\nWhether there was no room a moment ago."),
    method("task_done", queue_task_done, METH_NOARGS,
           "task_done($self, /)\n--\n\nThe work on an item that was taken out is complete.\n\n"
           "Raises ValueError if called more often than there were items put."),
    method("join", queue_join, METH_NOARGS,
           "join($self, /)\n--\n\nWait until task_done() has been called for every item that was put."),
    method("shutdown", queue_shutdown,
           "shutdown($self, /, immediate=False)\n--\n\n"
           "Make put() raise ShutDown from now on, and get() too once the queue is empty; waiting threads are told.\n\n"
           "With immediate, the items that are left are dropped, and count as done for join()."),
    method("_init", keep_init, METH_O, "_init($self, maxsize, /)\n--\n\nMake the empty container."),
    method("_qsize", keep_size, METH_NOARGS, "_qsize($self, /)\n--\n\nHow many items there are."),
    method("_put", keep_put, METH_O, "_put($self, item, /)\n--\n\nPut an item into the container."),
    method("_get", keep_get, METH_NOARGS, "_get($self, /)\n--\n\nTake an item out of the container."),
    method("__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "See PEP 585"),
    {},
};

// A type of its own for each order, so that a subclass's functions can be told from ours: see keeps_items_itself().
PyMethodDef own_methods[] = {
    method("_init", keep_init, METH_O, "_init($self, maxsize, /)\n--\n\nMake the empty container."),
    method("_put", keep_put, METH_O, "_put($self, item, /)\n--\n\nPut an item into the container."),
    method("_get", keep_get, METH_NOARGS, "_get($self, /)\n--\n\nTake an item out of the container."),
    {},
};

constexpr const char* part_doc =
    "A part of this queue, as Python's own has it. From when it is first asked for, the queue works on its parts, at "
    "the\n"
    "speed of Python's own.";

char mutex_name[] = "mutex";
char not_empty_name[] = "not_empty";
char not_full_name[] = "not_full";
char all_tasks_done_name[] = "all_tasks_done";
char queue_name[] = "queue";
char unfinished_name[] = "unfinished_tasks";
char is_shutdown_name[] = "is_shutdown";

PyGetSetDef attributes[] = {
    {"maxsize", get_maxsize, set_maxsize, "How many items there may be; any number if it is 0 or less.", nullptr},
    {"mutex", get_part, set_part, part_doc, mutex_name},
    {"not_empty", get_part, set_part, part_doc, not_empty_name},
    {"not_full", get_part, set_part, part_doc, not_full_name},
    {"all_tasks_done", get_part, set_part, part_doc, all_tasks_done_name},
    {"queue", get_part, set_part, part_doc, queue_name},
    {"unfinished_tasks", get_unfinished, set_part, "How many task_done() are still to come.", unfinished_name},
    {"is_shutdown", get_is_shutdown, set_part, "Whether shutdown() has been called.", is_shutdown_name},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(QueueObject, weak_references), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(QueueObject, dict), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

constexpr const char* queue_doc =
    "Queue(maxsize=0)\n--\n\n"
    "A queue between threads, first in, first out, of at most maxsize items (any number if that is 0 or less).";
constexpr const char* lifo_doc = "LifoQueue(maxsize=0)\n--\n\nA Queue that gives the newest item first.";
constexpr const char* priority_doc =
    "PriorityQueue(maxsize=0)\n--\n\nA Queue that gives the smallest item first; items often are (priority, data).";

PyType_Slot queue_slots[] = {
    slot(Py_tp_doc, queue_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialise),
    slot(Py_tp_dealloc, destroy),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, attributes),
    slot(Py_tp_members, members),
    slot(Py_tp_setattro, set_attribute),
    {0, nullptr},
};
PyType_Slot lifo_slots[] = {slot(Py_tp_doc, lifo_doc), slot(Py_tp_methods, own_methods), {0, nullptr}};
PyType_Slot priority_slots[] = {slot(Py_tp_doc, priority_doc), slot(Py_tp_methods, own_methods), {0, nullptr}};

constexpr unsigned flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC;

PyType_Spec queue_spec = {"threadwise.queue.Queue", sizeof(QueueObject), 0, flags, queue_slots};
// These inherit how they are collected.
constexpr unsigned derived_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
PyType_Spec lifo_spec = {"threadwise.queue.LifoQueue", sizeof(QueueObject), 0, derived_flags, lifo_slots};
PyType_Spec priority_spec = {"threadwise.queue.PriorityQueue", sizeof(QueueObject), 0, derived_flags, priority_slots};

}  // namespace

bool has_originals(const QueueObject& self) noexcept {
    auto& queue = const_cast<QueueObject&>(self);
    return queue.state->queue_functions.are_unchanged() &&
           (self.kind == QueueKind::first_in_first_out || functions_of(queue).are_unchanged());
}

bool look_at_class(QueueObject& self) {
    if (self.core.is_exposed()) return true;
    const int itself = keeps_items_itself(self);
    if (itself < 0) return false;
    if (itself > 0) return parts_of(self) != nullptr;
    // The class has got a number by now, when its functions were looked up.
    self.version.store(version_of_class(self), std::memory_order_relaxed);  // relaxed: see is_class_as_seen()
    return true;
}

bool is_queue_type(const PyTypeObject* type) noexcept { return type->tp_dealloc == destroy; }

int add_queue(PyObject* module) {
    State& state = state_of_module(module);
    if (add_python_type(module, queue_spec, state.queue_type) < 0) return -1;
    if (add_python_type(module, lifo_spec, state.lifo_queue_type, state.queue_type) < 0) return -1;
    if (add_python_type(module, priority_spec, state.priority_queue_type, state.queue_type) < 0) return -1;
    const bool remembered = state.queue_functions.remember(state.queue_type) &&
                            state.lifo_queue_functions.remember(state.lifo_queue_type) &&
                            state.priority_queue_functions.remember(state.priority_queue_type);
    return remembered ? 0 : -1;
}

}  // namespace threadwise::python
