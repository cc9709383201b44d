#include <Python.h>

#include <limits>

#include "base/arguments.hpp"
#include "base/describe.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "locks/waiters.hpp"
#include "module/state.hpp"
#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {
namespace {

using detail::Deadline;

enum class Phase : unsigned char {
    filling,    ///< threads come, and wait for the others
    acting,     ///< all have come, and the last one runs the action; a thread that comes next waits
    draining,   ///< all have come, and go; a thread that comes next waits
    resetting,  ///< those that waited go, with an error; a thread that comes next waits
    broken,     ///< all go, with an error
};

/// All but `action`, `parties` and `timeout` is guarded by `lock`. It is held for a few instructions only, and never
/// while anything of Python runs, so that it may be waited for with the interpreter's lock held.
struct BarrierCore {
    Py_ssize_t parties = 0;
    PyObject* action = nullptr;
    PyObject* timeout = nullptr;
    Lock lock;
    Waiters waiters;
    Phase phase = Phase::filling;
    Py_ssize_t count = 0;

    template <class Visit>
    void visit_references(Visit visit) {
        visit(action);
        visit(timeout);
    }

    /// All look again.
    void wake_all() { waiters.notify(std::numeric_limits<std::size_t>::max()); }

    void enter(Phase next) {
        phase = next;
        wake_all();
    }
};

struct BarrierObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dictionary;
    BarrierCore core;
};

BarrierCore& core(PyObject* self) noexcept { return as<BarrierObject>(self).core; }

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    return reinterpret_cast<PyObject*>(make_object<BarrierObject>(type));
}

/// A subclass that does not call __init__() keeps the state itself; then the functions of this module do the work.
bool keeps_itself(PyObject* self) noexcept { return core(self).parties == 0; }

template <class... Objects>
PyObject* step_by_step(const char* function, Objects... arguments) {
    const Ref steps = Ref::steal(PyImport_ImportModule("threadwise._barrier_steps"));
    const Ref name = Ref::steal(PyUnicode_FromString(function));
    if (!steps || !name) return nullptr;
    return PyObject_CallMethodObjArgs(steps.get(), name.get(), arguments..., nullptr);
}

PyObject* none_for_null(PyObject* object) { return Py_NewRef(object == nullptr ? Py_None : object); }

int initialize(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"parties", "action", "timeout", nullptr};
    Py_ssize_t parties = 0;
    PyObject* action = nullptr;
    PyObject* timeout = nullptr;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "n|OO", const_cast<char**>(names), &parties, &action, &timeout) ==
        0) {
        return -1;
    }
    if (parties < 1) {
        PyErr_SetString(PyExc_ValueError, "parties must be > 0");
        return -1;
    }
    core(self).parties = parties;
    const Ref old_action = Ref::steal(std::exchange(core(self).action, none_for_null(action)));
    const Ref old_timeout = Ref::steal(std::exchange(core(self).timeout, none_for_null(timeout)));
    return 0;
}

void refuse_broken(PyObject* self) {
    if (const State* const state = state_of_type(Py_TYPE(self))) PyErr_SetNone(state->broken_barrier_error);
}

/// With the lock held; waits without it until `ready()`.
template <class Ready>
Waited await(BarrierCore& core, std::unique_lock<Lock>& hold, const Deadline& deadline, Ready ready) {
    while (!ready()) {
        Waiter waiter;
        core.waiters.add(waiter);
        hold.unlock();
        const Waited waited = wait_detached(deadline.left(), [&waiter](Timeout left) { return waiter.wait(left); });
        core.waiters.remove(waiter);
        hold.lock();
        if (waited == Waited::failed || (waited == Waited::timed_out && !ready())) return waited;
    }
    return Waited::done;
}

/// The last one goes: the barrier is as new.
void leave(BarrierCore& core) {
    if (--core.count == 0 && (core.phase == Phase::draining || core.phase == Phase::resetting)) {
        core.enter(Phase::filling);
    }
}

/// The last to come runs the action and lets all go; false with an exception set if the action raised.
bool release_all(BarrierCore& core, std::unique_lock<Lock>& hold) {
    if (core.action != Py_None) {
        core.phase = Phase::acting;
        hold.unlock();
        Ref result = Ref::steal(PyObject_CallNoArgs(core.action));
        const bool succeeded = static_cast<bool>(result);
        result.reset();  // before the lock is taken: it may run any code
        hold.lock();
        if (!succeeded) {
            core.enter(Phase::broken);
            return false;
        }
    }
    if (core.phase != Phase::broken) core.enter(Phase::draining);
    return true;
}

/// Waits for the others; false with an exception set, or because the barrier is broken.
bool wait_for_others(BarrierCore& core, std::unique_lock<Lock>& hold, const Deadline& deadline) {
    auto decided = [&core] { return core.phase != Phase::filling && core.phase != Phase::acting; };
    Waited waited = await(core, hold, deadline, decided);
    // While the action runs the meeting has taken place already.
    if (waited == Waited::timed_out && core.phase == Phase::acting) {
        waited = await(core, hold, Deadline(forever), decided);
    }
    if (waited == Waited::timed_out) core.enter(Phase::broken);
    return waited == Waited::done;
}

PyObject* wait(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("wait", {"timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    if (keeps_itself(self)) return step_by_step("wait", self, given[0] == nullptr ? Py_None : given[0]);
    BarrierCore& barrier = core(self);
    Timeout timeout;
    const bool has_own = given[0] != nullptr && given[0] != Py_None;
    if (!to_timeout(has_own ? given[0] : barrier.timeout, timeout)) return nullptr;
    const Deadline deadline(timeout);

    std::unique_lock hold(barrier.lock);
    auto may_enter = [&] { return barrier.phase == Phase::filling || barrier.phase == Phase::broken; };
    if (await(barrier, hold, Deadline(forever), may_enter) == Waited::failed) return nullptr;
    bool through = barrier.phase == Phase::filling;
    Py_ssize_t index = 0;
    if (through) {
        index = barrier.count++;
        through =
            barrier.count == barrier.parties ? release_all(barrier, hold) : wait_for_others(barrier, hold, deadline);
        through = through && barrier.phase == Phase::draining;
        leave(barrier);
    }
    hold.unlock();
    if (through) return PyLong_FromSsize_t(index);
    if (PyErr_Occurred() == nullptr) refuse_broken(self);
    return nullptr;
}

PyObject* reset(PyObject* self, PyObject*) {
    if (keeps_itself(self)) return step_by_step("reset", self);
    BarrierCore& barrier = core(self);
    const std::scoped_lock hold(barrier.lock);
    if (barrier.count == 0) {
        barrier.enter(Phase::filling);
    } else if (barrier.phase != Phase::draining && barrier.phase != Phase::acting) {
        barrier.enter(Phase::resetting);
    }
    Py_RETURN_NONE;
}

PyObject* abort(PyObject* self, PyObject*) {
    if (keeps_itself(self)) return step_by_step("abort", self);
    const std::scoped_lock hold(core(self).lock);
    core(self).enter(Phase::broken);
    Py_RETURN_NONE;
}

PyObject* get_parties(PyObject* self, void*) {
    return keeps_itself(self) ? step_by_step("parties", self) : PyLong_FromSsize_t(core(self).parties);
}

Py_ssize_t waiting(BarrierCore& barrier) {
    const std::scoped_lock hold(barrier.lock);
    return barrier.phase == Phase::filling || barrier.phase == Phase::acting ? barrier.count : 0;
}

bool is_broken(BarrierCore& barrier) {
    const std::scoped_lock hold(barrier.lock);
    return barrier.phase == Phase::broken;
}

PyObject* get_waiting(PyObject* self, void*) {
    return keeps_itself(self) ? step_by_step("n_waiting", self) : PyLong_FromSsize_t(waiting(core(self)));
}

PyObject* get_broken(PyObject* self, void*) {
    return keeps_itself(self) ? step_by_step("broken", self) : PyBool_FromLong(is_broken(core(self)));
}

PyObject* represent(PyObject* self) {
    if (keeps_itself(self)) return step_by_step("represent", self);
    if (is_broken(core(self))) return describe(self, "broken");
    return describe(self, "waiters=%zd/%zd", waiting(core(self)), core(self).parties);
}

PyMethodDef methods[] = {
    method(
        "wait", wait,
        "wait($self, /, timeout=None)\n--\n\n"
        "Wait until all parties have come. Each gets another number, from 0 to parties - 1.\n\n"
        "BrokenBarrierError if it takes longer than timeout seconds, which breaks the barrier, or if the barrier is\n"
        "broken or reset meanwhile."),
    method("reset", reset, "reset($self, /)\n--\n\nMake the barrier as new; waiting threads get a BrokenBarrierError."),
    method("abort", abort,
           "abort($self, /)\n--\n\nBreak the barrier: threads that wait, or come, get a BrokenBarrierError."),
    {},
};

PyGetSetDef properties[] = {
    {"parties", get_parties, nullptr, "How many threads the barrier waits for.", nullptr},
    {"n_waiting", get_waiting, nullptr, "How many threads wait at the barrier.", nullptr},
    {"broken", get_broken, nullptr, "Whether the barrier is broken.", nullptr},
    dictionary_property(),
    {},
};

constexpr const char* barrier_doc =
    "Barrier(parties, action=None, timeout=None)\n--\n\n"
    "A place where that many threads wait for each other. The last to come calls action() before all go on.\n"
    "timeout is used where wait() is given none.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, barrier_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialize),
    slot(Py_tp_dealloc, destroy_object<BarrierObject>),
    slot(Py_tp_traverse, traverse_object<BarrierObject>),
    slot(Py_tp_clear, clear_object<BarrierObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, properties),
    slot(Py_tp_members, with_attributes<BarrierObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threading.Barrier",
    .basicsize = sizeof(BarrierObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

}  // namespace

int add_barrier(PyObject* module) {
    State& state = state_of_module(module);
    state.broken_barrier_error = PyErr_NewExceptionWithDoc("threading.BrokenBarrierError",
                                                           "The barrier that a thread waits at is broken or was reset.",
                                                           PyExc_RuntimeError, nullptr);
    if (state.broken_barrier_error == nullptr) return -1;
    if (PyModule_AddObjectRef(module, "BrokenBarrierError", state.broken_barrier_error) < 0) return -1;
    return add_python_type(module, spec, state.barrier_type);
}

}  // namespace threadwise::python
