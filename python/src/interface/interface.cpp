// What C++ programs find under the capsule: see threadwise/include/threadwise/python/interface.hpp.

#include <algorithm>
#include <chrono>
#include <optional>

#include "../../threadwise/include/threadwise/python/attach.hpp"
#include "base/object.hpp"
#include "base/thread_states.hpp"
#include "base/waiting.hpp"
#include "futures/future.hpp"
#include "locks/event.hpp"
#include "locks/lock.hpp"
#include "pool/pool.hpp"
#include "queue/native_item.hpp"
#include "queue/queue.hpp"
#include "queue/simple_queue.hpp"
#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::python {
namespace {

using py::Interface;
using Outcome = Interface::Outcome;
using threadwise::detail::Deadline;

Timeout to_timeout(double seconds) {
    return seconds >= 1e9 ? forever : Timeout(std::chrono::duration<double>(std::max(seconds, 0.0)));
}

/// A wait of the library's, which an interrupt does not end.
template <class Wait>
Outcome wait_for(double seconds, Wait wait) {
    const Deadline deadline(to_timeout(seconds));
    for (;;) {
        try {
            return wait(deadline.left()) ? Interface::done : Interface::timed_out;
        } catch (const InterruptedError&) {  // the wait goes on
        }
    }
}

/// Null: it is none, or it takes Python: it compares its items, or its class has changed since Python last looked.
ItemQueue* plain_queue(PyObject* object) noexcept {
    for (const PyTypeObject* type = Py_TYPE(object); type != nullptr; type = type->tp_base) {
        if (is_simple_queue_type(type)) return &as<SimpleQueueObject>(object).core;
        if (!is_queue_type(type)) continue;
        auto& queue = as<QueueObject>(object);
        return queue.kind == QueueKind::by_priority || !is_class_as_seen(queue) ? nullptr : &queue.core;
    }
    return nullptr;
}

/// Tries until it is done, or the time is over.
template <class Try>
Outcome queue_call(QueueWaiter::Kind kind, const QueueSide& side, double seconds, Try attempt) {
    const Deadline deadline(to_timeout(seconds));
    std::optional<QueueWaiter> waiter;
    for (;;) {
        switch (attempt()) {
            case QueueOutcome::done: return Interface::done;
            case QueueOutcome::shut_down: return Interface::shut_down;
            case QueueOutcome::not_now: break;
            case QueueOutcome::exposed:
            case QueueOutcome::no_memory:
            case QueueOutcome::needs_python: return Interface::python;
        }
        try {
            waiter.emplace(kind, side, side.storage, deadline.left(), std::stop_token(), SourceLocation());
            if (!waiter->wait()) return Interface::timed_out;
        } catch (const InterruptedError&) {  // the wait goes on
        }
    }
}

Outcome queue_put(PyObject* object, NativeItem* item, double seconds) {
    ItemQueue* const queue = plain_queue(object);
    if (queue == nullptr) return Interface::python;
    return queue_call(QueueWaiter::Kind::put, queue->room(), seconds, [&] { return queue->put(as_item(item)); });
}

Outcome queue_get(PyObject* object, NativeItem** native, double seconds) {
    ItemQueue* const queue = plain_queue(object);
    if (queue == nullptr) return Interface::python;
    return queue_call(QueueWaiter::Kind::get, queue->items(), seconds, [&] {
        PyObject* item = nullptr;
        const QueueOutcome outcome = queue->get_native(item);
        if (outcome == QueueOutcome::done) *native = as_native(item);
        return outcome;
    });
}

FutureCore& future_of(PyObject* object) noexcept { return as<FutureObject>(object).core; }

Outcome future_wait(PyObject* object, double seconds) {
    return wait_for(seconds, [&](Timeout left) { return future_of(object).wait(left, {}, {}); });
}

bool future_done(PyObject* object) { return future_of(object).done(); }

Outcome future_get(PyObject* object, py::NativeOutcome* outcome) {
    const FutureCore& future = future_of(object);
    if (!future.finished() || future.native() == nullptr) return Interface::python;
    *outcome = {future.native(), future.has_failed()};
    return Interface::done;
}

Outcome future_set(PyObject* object, py::NativeOutcome outcome) {
    FutureCore& future = future_of(object);
    if (!future.finish_natively(outcome)) return Interface::python;
    if (future.ends_unwatched()) return Interface::done;
    const py::detail::Attached attached;
    if (!finish_in_python(as<FutureObject>(object))) PyErr_WriteUnraisable(object);
    return Interface::done;
}

Outcome pool_submit(PyObject* object, py::NativeCall* call) {
    return submit_detached(as<PoolObject>(object), call) ? Interface::done : Interface::python;
}

Event& event_of(PyObject* object) noexcept { return as<EventObject>(object).core.event; }

Outcome event_wait(PyObject* object, double seconds) {
    return wait_for(seconds, [&](Timeout left) { return event_of(object).wait(left); });
}

bool event_is_set(PyObject* object) { return event_of(object).is_set(); }
void event_set(PyObject* object) { event_of(object).set(); }
void event_clear(PyObject* object) { event_of(object).clear(); }

Outcome lock_acquire(PyObject* object, double seconds) {
    return wait_for(seconds, [&](Timeout left) { return as<LockObject>(object).core.acquire(true, left); });
}

bool lock_release(PyObject* object) {
    try {
        as<LockObject>(object).core.unlock();
        return true;
    } catch (const RuntimeError&) {
        return false;
    }
}

char kind(PyObject* object) {
    for (const PyTypeObject* type = Py_TYPE(object); type != nullptr; type = type->tp_base) {
        if (is_work_queue_type(type)) return 0;  // what is in it is no value
        if (is_queue_type(type) || is_simple_queue_type(type)) return 'q';
        if (is_future_type(type)) return 'f';
        if (type->tp_dealloc == destroy_object<EventObject>) return 'e';
        if (type->tp_dealloc == destroy_object<LockObject>) return 'l';
        if (is_pool_type(type)) return 'p';
    }
    return 0;
}

constexpr Interface interface = {
    .version = Interface::current_version,
    .kind = kind,
    .queue_put = queue_put,
    .queue_get = queue_get,
    .event_wait = event_wait,
    .event_is_set = event_is_set,
    .event_set = event_set,
    .event_clear = event_clear,
    .lock_acquire = lock_acquire,
    .lock_release = lock_release,
    .future_wait = future_wait,
    .future_done = future_done,
    .future_get = future_get,
    .future_set = future_set,
    .pool_submit = pool_submit,
    .start_worker = submit_attached,
    .new_thread_state = [] { return python::new_thread_state(PyInterpreterState_Main()); },
};

}  // namespace

int add_interface(PyObject* module) {
    const Ref capsule = Ref::steal(PyCapsule_New(const_cast<Interface*>(&interface), Interface::capsule_name, nullptr));
    if (!capsule || guard_new_thread_states() < 0) return -1;
    py::detail::installed.store(&interface, std::memory_order_release);  // release: for this module's own Attached
    return PyModule_AddObjectRef(module, "_interface", capsule.get());
}

}  // namespace threadwise::python
