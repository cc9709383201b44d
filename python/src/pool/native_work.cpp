#include "pool/native_work.hpp"

#include <new>
#include <utility>

#include "base/reference.hpp"
#include "futures/future.hpp"
#include "pool/work_item.hpp"

namespace threadwise::python {
namespace {

/// Null: Python does not wait for it.
FutureObject* future_of(const NativeWork& work) noexcept {
    if (work.item == nullptr) return nullptr;
    return reinterpret_cast<FutureObject*>(reinterpret_cast<WorkItemObject*>(work.item)->future);
}

/// The _WorkItem, which from now on is a call of Python's. One that C++ submitted has no future, and run() makes the
/// call. Attached.
PyObject* to_work_item(NativeItem* item) {
    auto& work = static_cast<NativeWork&>(*item);
    if (future_of(work) != nullptr) return Py_NewRef(work.item);
    return make_native_work_item(work.state, std::exchange(work.call, nullptr));
}

/// Attached, if there is a _WorkItem: nobody but Python and this module takes items out of a pool's queue.
void give_up(NativeItem* item) noexcept {
    auto* const work = static_cast<NativeWork*>(item);
    if (work->call != nullptr) work->call->destroy(work->call);
    Py_XDECREF(work->item);
    delete work;
}

}  // namespace

NativeWork::NativeWork(State& of, PyObject* owned_item, py::NativeCall* owned_call) noexcept
    : NativeItem{&native_work_identity, to_work_item, give_up}, state(of), item(owned_item), call(owned_call) {}

bool put_native(ItemQueue& queue, State& state, PyObject* item, py::NativeCall* call) noexcept {
    auto* const work = new (std::nothrow) NativeWork(state, item, call);
    if (work == nullptr || queue.put(as_item(work)) == QueueOutcome::done) return work != nullptr;
    delete work;
    return false;
}

LeftToDo run_native(NativeWork& work) noexcept {
    FutureObject* const future = future_of(work);
    if (future == nullptr) {
        work.call->run(work.call);
        return LeftToDo::nothing;
    }
    if (future->core.is_watched() || !future->core.try_start()) return LeftToDo::whole_call;
    const py::NativeOutcome outcome = work.call->run(work.call);
    if (!future->core.finish_natively(outcome)) outcome.value->destroy(outcome.value);  // somebody else has set it
    return future->core.ends_unwatched() ? LeftToDo::nothing : LeftToDo::callbacks;
}

bool finish_attached(NativeWork& work, LeftToDo left) {
    switch (left) {
        case LeftToDo::whole_call: return run_work_item(*reinterpret_cast<WorkItemObject*>(work.item));
        case LeftToDo::callbacks: return finish_in_python(*future_of(work));
        case LeftToDo::nothing: break;
    }
    return true;
}

}  // namespace threadwise::python
