#pragma once

/// \file
/// queue.Queue, LifoQueue and PriorityQueue.

#include <Python.h>

#include <atomic>
#include <initializer_list>

#include "base/object.hpp"
#include "module/state.hpp"
#include "queue/item_queue.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {

enum class QueueKind : unsigned char { first_in_first_out, last_in_first_out, by_priority };

/// As long as nobody asks for the parts that Python's Queue is made of (its mutex, its conditions, the container of its
/// items) and no subclass replaces the functions that keep the items, these are in `core`. After that they are in
/// `parts`, a threadwise._queue_parts.Parts, and all is done as in Python's own class, in Python.
struct QueueObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dict;
    PyObject* maxsize;  ///< as it was given
    PyObject* parts;    ///< null until asked for
    State* state;
    QueueKind kind;
    bool exact;  ///< of one of our three types, not of a subclass
    /// The version of the class in which its functions that keep the items were last found to be ours; 0: not yet.
    std::atomic<unsigned> version;
    Lock order_lock;  ///< held while a PriorityQueue compares items: queue_order.cpp
    ItemQueue core;
};

inline QueueObject& queue(PyObject* self) noexcept { return as<QueueObject>(self); }

/// Whether that is the type itself, not one derived from it. For detached threads.
bool is_queue_type(const PyTypeObject* type) noexcept;

/// Whether the functions of our type are those that it was made with. A program may have put its own into the class.
bool has_originals(const QueueObject& self) noexcept;

/// CPython's number for the state that the class and its bases are in; 0 if it has none yet.
inline unsigned version_of_class(const QueueObject& self) noexcept {
    // relaxed: a thread that changes a class while others use it has to tell them by other means.
    return std::atomic_ref(Py_TYPE(&self)->tp_version_tag).load(std::memory_order_relaxed);
}

/// Whether the class has not changed since it was last looked at. For detached threads, too.
inline bool is_class_as_seen(const QueueObject& self) noexcept {
    const unsigned now = version_of_class(self);
    return now != 0 && now == self.version.load(std::memory_order_relaxed);  // relaxed: nothing else depends on it
}

/// The slow part of follow_class().
bool look_at_class(QueueObject& self);

/// Where a program has replaced a function that keeps the items, in the class or in one of its bases: the items are in
/// the parts from now on, which ask the class for everything. False with an exception set on failure. Compares two
/// numbers unless the class has changed since this was last asked.
inline bool follow_class(QueueObject& self) { return is_class_as_seen(self) || look_at_class(self); }

/// Whether self.put() and self.get() are certain to be ours.
inline bool is_plain(const QueueObject& self) noexcept {
    return self.exact && self.dict == nullptr && has_originals(self);
}

/// The parts, borrowed; made if they are not there yet. Null with an exception set on failure.
PyObject* parts_of(QueueObject& self);

/// parts.method(self, *arguments)
PyObject* call_parts(QueueObject& self, const char* method, std::initializer_list<PyObject*> arguments = {});

// Methods: queue_put_get.cpp.

PyObject* queue_put(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names);
PyObject* queue_get(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names);
PyObject* queue_put_nowait(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names);
PyObject* queue_get_nowait(PyObject* self, PyObject* unused);

// queue_tasks.cpp.

PyObject* queue_task_done(PyObject* self, PyObject* unused);
PyObject* queue_join(PyObject* self, PyObject* unused);
PyObject* queue_shutdown(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names);

/// Gives up the references.
void drop(ItemRing items);

/// As ItemQueue::put() and get(), of a queue that orders its items by comparing them. Python code may run. Nothing is
/// changed when a comparison raises, or a signal's handler while another thread compares: `failed` is set then.
QueueOutcome put_ordered(QueueObject& self, PyObject* item, bool& failed);
QueueOutcome get_ordered(QueueObject& self, PyObject*& item, bool& failed);

}  // namespace threadwise::python
