// Unfinished tasks and shutdown.

#include <optional>
#include <utility>

#include "base/arguments.hpp"
#include "base/critical_section.hpp"
#include "queue/queue.hpp"
#include "queue/queue_call.hpp"

namespace threadwise::python {
namespace {

/// The items that are to be dropped; nothing, if they are in the parts.
std::optional<ItemRing> shut_down(PyObject* self, bool immediate) {
    const CriticalSection section(self);  // as parts_of() and what compares items do
    if (queue(self).core.is_exposed()) return std::nullopt;
    return queue(self).core.shutdown(immediate);
}

}  // namespace

PyObject* queue_task_done(PyObject* self, PyObject*) {
    if (queue(self).core.is_exposed()) return call_parts(queue(self), "task_done");
    if (queue(self).core.task_done()) Py_RETURN_NONE;
    PyErr_SetString(PyExc_ValueError, "task_done() called too many times");
    return nullptr;
}

PyObject* queue_join(PyObject* self, PyObject*) {
    ItemQueue& core = queue(self).core;
    QueueCall call;
    while (core.unfinished() != 0 && !core.is_exposed()) {
        if (call.wait(QueueWaiter::Kind::join, core.completion(), self) == Waited::failed) return nullptr;
    }
    if (core.is_exposed()) return call_parts(queue(self), "join");
    Py_RETURN_NONE;
}

PyObject* queue_shutdown(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("shutdown", {"immediate"});
    if (!given.parse(args, count, names)) return nullptr;
    const int immediate = given[0] == nullptr ? 0 : PyObject_IsTrue(given[0]);
    if (immediate < 0 || !follow_class(queue(self))) return nullptr;
    if (std::optional<ItemRing> dropped = shut_down(self, immediate != 0)) {
        drop(std::move(*dropped));
        Py_RETURN_NONE;
    }
    return call_parts(queue(self), "shutdown", {immediate != 0 ? Py_True : Py_False});
}

}  // namespace threadwise::python
