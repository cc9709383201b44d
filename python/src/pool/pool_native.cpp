// How calls of C++ functions get into a pool's queue.

#include <mutex>
#include <utility>

#include "base/object.hpp"
#include "base/waiting.hpp"
#include "pool/pool.hpp"
#include "pool/work_item.hpp"

namespace threadwise::python {
namespace {

bool put_native_work(ItemQueue& queue, State& state, WorkItemObject& work) {
    py::NativeCall* const call = std::exchange(work.native, nullptr);
    Ref item = Ref::borrow(work.future == nullptr ? nullptr : reinterpret_cast<PyObject*>(&work));
    if (put_native(queue, state, item.get(), call)) {
        static_cast<void>(item.release());
        return true;
    }
    work.native = call;
    PyErr_NoMemory();
    return false;
}

}  // namespace

bool put_work(WorkQueueObject& queue, State& state, PyObject* item) {
    if (is_work_item(state, item) && as<WorkItemObject>(item).native != nullptr) {
        return put_native_work(queue.base.core, state, as<WorkItemObject>(item));
    }
    Py_INCREF(item);
    if (queue.base.core.put(item) == QueueOutcome::done) return true;
    Py_DECREF(item);
    PyErr_NoMemory();
    return false;
}

bool submit_detached(PoolObject& self, py::NativeCall* call) noexcept {
    const std::scoped_lock hold(self.submitting);
    // A pool's queue is another one only in a forked child, and where a program has put one of its own there.
    PyObject* const object = look_at(self.work_queue);
    if (!accepts_work(self) || !is_work_queue(*self.state, object)) return false;
    auto& queue = as<WorkQueueObject>(object);
    const bool all_started = queue.workers.load(std::memory_order_relaxed) >= look_at(self.max_workers);  // a count
    return (all_started || queue.claim_idle()) && put_native(queue.base.core, *self.state, nullptr, call);
}

bool submit_attached(PyObject* self, py::NativeCall* call) {
    const Ref item = Ref::steal(make_native_work_item(*as<PoolObject>(self).state, call));
    if (!item) return false;
    return static_cast<bool>(Ref::steal(PyObject_CallMethod(self, "_put_by_python", "O", item.get())));
}

}  // namespace threadwise::python
