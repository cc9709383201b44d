// put() and get().

#include <array>

#include "base/arguments.hpp"
#include "base/reference.hpp"
#include "queue/native_item.hpp"
#include "queue/queue.hpp"
#include "queue/queue_call.hpp"

namespace threadwise::python {
namespace {

/// The answer to an attempt that got nowhere, for good.
PyObject* refuse(const State& state, QueueOutcome outcome, PyObject* not_now) {
    if (outcome == QueueOutcome::no_memory) return PyErr_NoMemory();
    PyErr_SetNone(outcome == QueueOutcome::shut_down ? state.shut_down_error : not_now);
    return nullptr;
}

QueueOutcome try_put(QueueObject& self, PyObject* item, bool& failed) {
    Py_INCREF(item);
    const QueueOutcome outcome =
        self.kind == QueueKind::by_priority ? put_ordered(self, item, failed) : self.core.put(item);
    if (outcome != QueueOutcome::done) Py_DECREF(item);
    return outcome;
}

QueueOutcome try_get(QueueObject& self, PyObject*& item, bool& failed) {
    return self.kind == QueueKind::by_priority ? get_ordered(self, item, failed) : self.core.get(item);
}

/// put() that found the items in the parts, perhaps after having waited.
PyObject* put_into_parts(QueueObject& self, PyObject* item, const QueueCall& call) {
    const Ref left = call.time_left();
    if (!left) return nullptr;
    return call_parts(self, "put", {item, call.waits() ? Py_True : Py_False, left.get()});
}

PyObject* get_from_parts(QueueObject& self, const QueueCall& call) {
    const Ref left = call.time_left();
    if (!left) return nullptr;
    return call_parts(self, "get", {call.waits() ? Py_True : Py_False, left.get()});
}

PyObject* put_item(QueueObject& self, PyObject* item, QueueCall& call) {
    for (;;) {
        bool failed = false;
        if (!follow_class(self)) return nullptr;
        const QueueOutcome outcome = try_put(self, item, failed);
        if (outcome == QueueOutcome::done) Py_RETURN_NONE;
        if (failed) return nullptr;
        if (outcome == QueueOutcome::exposed) return put_into_parts(self, item, call);
        if (outcome != QueueOutcome::not_now || !call.waits())
            return refuse(*self.state, outcome, self.state->full_error);
        const Waited waited = call.wait(QueueWaiter::Kind::put, self.core.room(), &self);
        if (waited == Waited::failed) return nullptr;
        if (waited == Waited::timed_out) return refuse(*self.state, QueueOutcome::not_now, self.state->full_error);
    }
}

PyObject* get_item(QueueObject& self, QueueCall& call) {
    for (;;) {
        PyObject* item = nullptr;
        bool failed = false;
        if (!follow_class(self)) return nullptr;
        const QueueOutcome outcome = try_get(self, item, failed);
        if (outcome == QueueOutcome::done) return to_object(item);
        if (failed) return nullptr;
        if (outcome == QueueOutcome::exposed) return get_from_parts(self, call);
        if (outcome != QueueOutcome::not_now || !call.waits())
            return refuse(*self.state, outcome, self.state->empty_error);
        const Waited waited = call.wait(QueueWaiter::Kind::get, self.core.items(), &self);
        if (waited == Waited::failed) return nullptr;
        if (waited == Waited::timed_out) return refuse(*self.state, QueueOutcome::not_now, self.state->empty_error);
    }
}

/// A subclass, the object or a tool may have a put() or get() of its own, which these two then call, as Python's do.
PyObject* call_without_waiting(PyObject* self, const char* method, PyObject* item) {
    const Ref bound = Ref::steal(PyObject_GetAttrString(self, method));
    const Ref names = Ref::steal(Py_BuildValue("(s)", "block"));
    if (!bound || !names) return nullptr;
    const std::array<PyObject*, 2> args = {item == nullptr ? Py_False : item, Py_False};
    return PyObject_Vectorcall(bound.get(), args.data(), item == nullptr ? 0 : 1, names.get());
}

}  // namespace

PyObject* queue_put(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    QueueCall call;
    if (count == 1 && names == nullptr) return put_item(queue(self), args[0], call);
    Arguments<3> given("put", {"item", "block", "timeout"}, 1);
    if (!given.parse(args, count, names)) return nullptr;
    // As Python's, which looks at the timeout of a bounded queue only.
    if (queue(self).core.limit() != ItemQueue::unlimited && !call.parse(given[1], given[2])) return nullptr;
    return put_item(queue(self), given[0], call);
}

PyObject* queue_get(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    QueueCall call;
    if (count == 0 && names == nullptr) return get_item(queue(self), call);
    Arguments<2> given("get", {"block", "timeout"});
    if (!given.parse(args, count, names) || !call.parse(given[0], given[1])) return nullptr;
    return get_item(queue(self), call);
}

PyObject* queue_put_nowait(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("put_nowait", {"item"}, 1);
    if (!given.parse(args, count, names)) return nullptr;
    if (!is_plain(queue(self))) return call_without_waiting(self, "put", given[0]);
    QueueCall call;
    return call.parse(Py_False, nullptr) ? put_item(queue(self), given[0], call) : nullptr;
}

PyObject* queue_get_nowait(PyObject* self, PyObject*) {
    if (!is_plain(queue(self))) return call_without_waiting(self, "get", nullptr);
    QueueCall call;
    return call.parse(Py_False, nullptr) ? get_item(queue(self), call) : nullptr;
}

}  // namespace threadwise::python
