// concurrent.futures.as_completed().

#include <memory>
#include <new>
#include <optional>

#include "base/arguments.hpp"
#include "base/critical_section.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "futures/future.hpp"
#include "futures/futures_set.hpp"
#include "threadwise/detail/futures/completions.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::python {
namespace {

using threadwise::detail::Completions;
using threadwise::detail::Deadline;

/// The futures that were given and, from the first step on, what watches them. As Python's generator it does nothing
/// before that.
struct Progress {
    FuturesSet futures;
    Deadline deadline{forever};
    std::unique_ptr<Completions> completions;
    bool closed = false;
    bool running = false;  ///< a step is being made
};

/// Apart from the rest so that offsetof is defined.
struct AsCompletedFields {
    PyObject_HEAD PyObject* weak_references;
    PyObject* futures;  ///< the iterable, until the first step
    PyObject* timeout;
    PyObject* others;  ///< a generator that is asked instead, where not all are futures of ours
    State* state;
};

struct AsCompletedObject : AsCompletedFields {
    Progress core;
};

AsCompletedObject& object(PyObject* self) noexcept { return as<AsCompletedObject>(self); }

PyObject* as_completed(PyObject* module, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<2> given("as_completed", {"fs", "timeout"}, 1);
    if (!given.parse(args, count, names)) return nullptr;
    State& state = state_of_module(module);
    auto* const self = make_object<AsCompletedObject>(state.as_completed_type);
    if (self == nullptr) return nullptr;
    self->state = &state;
    self->futures = Ref::borrow(given[0]).release();
    self->timeout = Ref::borrow(given[1]).release();
    return reinterpret_cast<PyObject*>(self);
}

int clear(PyObject* self) {
    object(self).core.closed = true;
    object(self).core.completions.reset();  // before the futures that it watches
    object(self).core.futures.clear();
    Py_CLEAR(object(self).futures);
    Py_CLEAR(object(self).timeout);
    Py_CLEAR(object(self).others);  // which lets go of its futures as close() does
    return 0;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(object(self).futures);
    Py_VISIT(object(self).timeout);
    Py_VISIT(object(self).others);
    return object(self).core.futures.traverse(visit, arg);
}

bool begin(AsCompletedObject& self) {
    const Ref iterable = Ref::steal(std::exchange(self.futures, nullptr));
    Timeout timeout;
    if (!to_timeout(self.timeout, timeout)) return false;
    const Ref set = Ref::steal(PySet_New(iterable.get()));
    const int filled = set ? self.core.futures.fill(*self.state, set.get()) : -1;
    if (filled < 0) return false;
    if (filled == 0) {
        self.core.futures.clear();
        self.others = call_waiters("as_completed", set.get(), self.timeout, nullptr).release();
        return self.others != nullptr;
    }
    self.core.deadline = Deadline(timeout);
    try {
        self.core.completions = std::make_unique<Completions>(self.core.futures.states());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return false;
    }
    return true;
}

PyObject* refuse_for_time(const Progress& progress) {
    PyErr_Format(PyExc_TimeoutError, "%zu (of %zu) futures unfinished", progress.completions->left(),
                 progress.futures.size());
    return nullptr;
}

PyObject* next_done(Progress& progress) {
    std::size_t place = 0;
    auto take = [&](Timeout left) {
        try {
            place = progress.completions->next(Deadline(left), {}, {});
            return true;
        } catch (const TimeoutError&) {
            return false;
        }
    };
    if (progress.completions->ready()) {
        take(forever);
        return progress.futures.release(place);
    }
    const Timeout left = progress.deadline.left();
    if (left.duration().count() <= 0) return refuse_for_time(progress);
    const Waited waited = wait_detached(left, take);
    if (waited == Waited::failed) return nullptr;
    return waited == Waited::done ? progress.futures.release(place) : refuse_for_time(progress);
}

/// False with ValueError set: another thread is in the middle of a step.
bool expect_idle(const Progress& progress) {
    if (progress.running) PyErr_SetString(PyExc_ValueError, "as_completed() is already executing in another thread");
    return !progress.running;
}

PyObject* next(PyObject* self) {
    const CriticalSection section(self);
    Progress& progress = object(self).core;
    if (progress.closed || !expect_idle(progress)) return nullptr;
    const Ref alive = Ref::borrow(self);
    Ref future;
    progress.running = true;
    if (object(self).futures == nullptr || begin(object(self))) {
        if (object(self).others != nullptr) {
            future = Ref::steal(PyIter_Next(object(self).others));
        } else if (progress.completions->left() != 0) {
            future = Ref::steal(next_done(progress));
        }
    }
    progress.running = false;
    // The end, in one way or another, is the end for good.
    if (!future) clear(self);
    return future.release();
}

PyObject* close(PyObject* self, PyObject*) {
    const CriticalSection section(self);
    if (!expect_idle(object(self).core)) return nullptr;
    clear(self);
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    method("close", close, METH_NOARGS, "close($self, /)\n--\n\nLet the futures go that are left."),
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_dealloc, destroy_object<AsCompletedObject, clear>),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_iter, PyObject_SelfIter),
    slot(Py_tp_iternext, next),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, weakly_referenced<AsCompletedFields>),
    {0, nullptr},
};

constexpr unsigned no_constructor = Py_TPFLAGS_DISALLOW_INSTANTIATION;

PyType_Spec spec = {
    .name = "threadwise.concurrent.futures._AsCompleted",
    .basicsize = sizeof(AsCompletedObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | no_constructor,
    .slots = slots,
};

PyMethodDef functions[] = {
    method("as_completed", as_completed,
           "as_completed($module, /, fs, timeout=None)\n--\n\n"
           "Iterate over the futures as they become done, each once.\n\n"
           "Raises TimeoutError if they are not all done timeout seconds after the first step."),
    {},
};

}  // namespace

int add_as_completed(PyObject* module) {
    if (add_type(module, spec, state_of_module(module).as_completed_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

}  // namespace threadwise::python
