#include "locks/semaphore.hpp"

#include <Python.h>

#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "base/arguments.hpp"
#include "base/describe.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "locks/lock.hpp"
#include "module/state.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {
namespace {

constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

struct SemaphoreCore {
    Semaphore permits{1};
    Originals* functions = nullptr;  ///< the functions that its type was made with; null: a subclass's object
    std::int64_t initial = 1;
    std::int64_t bound = unbounded;
    /// Held while a bounded semaphore is released: acquiring only ever lowers the number.
    Lock releasing;
    /// `_cond`, made when a program asks for it. Programs hold it while they change `_value`.
    PyObject* condition = nullptr;
    /// The value as the holder of the condition has read it last; see set_value().
    std::optional<std::int64_t> seen;

    template <class Visit>
    void visit_references(Visit visit) {
        visit(condition);
    }
};

struct SemaphoreObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dictionary;
    SemaphoreCore core;
};

SemaphoreCore& core(PyObject* self) noexcept { return as<SemaphoreObject>(self).core; }

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    State* const state = state_of_type(type);
    auto* const self = state == nullptr ? nullptr : make_object<SemaphoreObject>(type);
    if (self != nullptr && type == state->semaphore_type) self->core.functions = &state->semaphore_functions;
    if (self != nullptr && type == state->bounded_semaphore_type) {
        self->core.functions = &state->bounded_semaphore_functions;
    }
    return reinterpret_cast<PyObject*>(self);
}

int initialize(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"value", nullptr};
    long long value = 1;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "|L", const_cast<char**>(names), &value) == 0) return -1;
    if (value < 0) {
        PyErr_SetString(PyExc_ValueError, "semaphore initial value must be >= 0");
        return -1;
    }
    if (value > Semaphore::max()) {
        PyErr_SetString(PyExc_OverflowError, "semaphore initial value is too large");
        return -1;
    }
    new (&core(self).permits) Semaphore(value);
    core(self).initial = value;
    return 0;
}

int initialize_bounded(PyObject* self, PyObject* args, PyObject* keywords) {
    if (initialize(self, args, keywords) < 0) return -1;
    core(self).bound = core(self).initial;
    return 0;
}

PyObject* wait_for_permit(Semaphore& permits, Timeout timeout) {
    Waited waited = wait_detached(timeout, [&permits](Timeout left) { return permits.acquire(true, left); });
    if (waited == Waited::done && raise_asynchronous_exception()) {
        permits.release();
        waited = Waited::failed;
    }
    return to_python(waited);
}

PyObject* enter(PyObject* self, PyObject*) {
    if (core(self).permits.try_acquire()) Py_RETURN_TRUE;
    return wait_for_permit(core(self).permits, forever);
}

PyObject* acquire(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 0 && names == nullptr) return enter(self, nullptr);
    Arguments<2> given("acquire", {"blocking", "timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    const int blocking = given[0] == nullptr ? 1 : PyObject_IsTrue(given[0]);
    if (blocking < 0) return nullptr;
    const bool has_timeout = given[1] != nullptr && given[1] != Py_None;
    if (blocking == 0 && has_timeout) {
        PyErr_SetString(PyExc_ValueError, "can't specify timeout for non-blocking acquire");
        return nullptr;
    }
    Timeout timeout;
    if (!to_timeout(given[1], timeout)) return nullptr;
    if (core(self).permits.try_acquire()) Py_RETURN_TRUE;
    if (blocking == 0) Py_RETURN_FALSE;
    return wait_for_permit(core(self).permits, timeout);
}

/// False with an exception set: refused.
bool add_permits(SemaphoreCore& core, std::int64_t n) {
    if (core.bound == unbounded) {
        core.permits.release(n);
        return true;
    }
    const std::scoped_lock hold(core.releasing);
    if (n > core.bound || core.permits.value() > core.bound - n) {
        PyErr_SetString(PyExc_ValueError, "Semaphore released too many times");
        return false;
    }
    core.permits.release(n);
    return true;
}

PyObject* release_many(PyObject* self, std::int64_t n) {
    if (n < 1) {
        PyErr_SetString(PyExc_ValueError, "n must be one or more");
        return nullptr;
    }
    if (!add_permits(core(self), n)) return nullptr;
    Py_RETURN_NONE;
}

PyObject* release(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 0 && names == nullptr) return release_many(self, 1);
    Arguments<1> given("release", {"n"});
    if (!given.parse(args, count, names)) return nullptr;
    const long long n = given[0] == nullptr ? 1 : PyLong_AsLongLong(given[0]);
    if (n == -1 && PyErr_Occurred() != nullptr) return nullptr;
    if (n > Semaphore::max() / 2) {
        PyErr_SetString(PyExc_OverflowError, "n is too large");
        return nullptr;
    }
    return release_many(self, n);
}

/// Whether self.release() is certain to be the function below.
bool is_plain(PyObject* self) noexcept {
    Originals* const functions = core(self).functions;
    return functions != nullptr && as<SemaphoreObject>(self).dictionary == nullptr && functions->are_unchanged();
}

/// Calls self.release(), as Python's semaphore does: a subclass, the object or a tool may have replaced it.
PyObject* exit(PyObject* self, PyObject* const*, Py_ssize_t) {
    if (is_plain(self)) return release_many(self, 1);
    if (!Ref::steal(PyObject_CallMethod(self, "release", nullptr))) return nullptr;
    Py_RETURN_NONE;
}

PyObject* at_fork_reinit(PyObject* self, PyObject*) {
    const std::int64_t value = core(self).permits.value();
    new (&core(self).permits) Semaphore(value);
    new (&core(self).releasing) Lock;
    Py_RETURN_NONE;
}

/// Whether the caller holds the condition; -1 with an exception set.
int holds_condition(PyObject* self) {
    const Ref condition = read_field(self, core(self).condition);
    if (!condition) return 0;
    const Ref held = Ref::steal(PyObject_CallMethod(condition.get(), "_is_owned", nullptr));
    return held ? PyObject_IsTrue(held.get()) : -1;
}

PyObject* get_value(PyObject* self, void*) {
    const int changes_it = holds_condition(self);
    if (changes_it < 0) return nullptr;
    const std::int64_t value = core(self).permits.value();
    if (changes_it != 0) core(self).seen = value;
    return PyLong_FromLongLong(value);
}

/// False with an exception set: the value is no number of permits.
bool to_permits(PyObject* value, std::int64_t& permits) {
    permits = value == nullptr ? -1 : PyLong_AsLongLong(value);
    if (permits == -1 && PyErr_Occurred() != nullptr) return false;
    if (permits >= 0 && permits <= Semaphore::max()) return true;
    PyErr_SetString(PyExc_ValueError, "a semaphore's value is a number of permits: 0 or more");
    return false;
}

/// For programs that change the limit of a bounded semaphore.
int set_initial_value(PyObject* self, PyObject* value, void*) {
    std::int64_t wanted = 0;
    if (!to_permits(value, wanted)) return -1;
    const std::scoped_lock hold(core(self).releasing);
    core(self).initial = wanted;
    if (core(self).bound != unbounded) core(self).bound = wanted;
    return 0;
}

void change_value(SemaphoreCore& core, std::int64_t difference) {
    const std::scoped_lock hold(core.releasing);
    for (; difference < 0 && core.permits.try_acquire(); ++difference) {}
    if (difference > 0) core.permits.release(difference);
}

/// For programs that change the number of permits, as in `_value += 1`. Those that hold the condition meanwhile, as
/// they must with Python's semaphore, mean the difference to the value that they read: other threads, which need no
/// condition here, may have taken permits since.
int set_value(PyObject* self, PyObject* value, void*) {
    std::int64_t wanted = 0;
    if (!to_permits(value, wanted)) return -1;
    const int changes_it = holds_condition(self);
    if (changes_it < 0) return -1;
    std::optional<std::int64_t> before;
    if (changes_it != 0) before = std::exchange(core(self).seen, std::nullopt);
    change_value(core(self), wanted - before.value_or(core(self).permits.value()));
    return 0;
}

PyObject* get_initial_value(PyObject* self, void*) { return PyLong_FromLongLong(core(self).initial); }

/// Made over an RLock, which knows its holder: holds_condition() asks for that.
PyObject* get_condition(PyObject* self, void*) {
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return nullptr;
    Ref condition = read_or_make_field(self, core(self).condition, [state] {
        return Ref::steal(PyObject_CallNoArgs(reinterpret_cast<PyObject*>(state->condition_type)));
    });
    return condition.release();
}

PyObject* represent(PyObject* self) {
    const auto value = static_cast<long long>(core(self).permits.value());
    if (core(self).bound == unbounded) return describe(self, "value=%lld", value);
    return describe(self, "value=%lld/%lld", value, static_cast<long long>(core(self).bound));
}

constexpr const char* release_doc = "release($self, /, n=1)\n--\n\nGive back, or add, n permits.";

PyMethodDef methods[] = {
    method(
        "acquire", acquire,
        "acquire($self, /, blocking=True, timeout=None)\n--\n\n"
        "Take a permit; wait for one, at most timeout seconds, unless blocking is false. Returns whether it was had."),
    method("release", release, release_doc),
    method("__enter__", enter, "__enter__($self, /)\n--\n\nTake a permit, as acquire() does."),
    method("__exit__", exit, "__exit__($self, /, *exc_info)\n--\n\nGive back a permit, as release() does."),
    method("_at_fork_reinit", at_fork_reinit,
           "_at_fork_reinit($self, /)\n--\n\nIn a forked child: forget the threads that waited."),
    {},
};

// A release() of its own: a program that replaces Semaphore.release does not mean bounded semaphores.
PyMethodDef bounded_methods[] = {method("release", release, release_doc), {}};

PyGetSetDef properties[] = {
    {"_value", get_value, set_value, nullptr, nullptr},
    {"_initial_value", get_initial_value, set_initial_value, nullptr, nullptr},
    {"_cond", get_condition, nullptr, nullptr, nullptr},
    dictionary_property(),
    {},
};

constexpr const char* semaphore_doc =
    "Semaphore(value=1)\n--\n\nA number of permits. Each acquire() takes one, waiting for it if there is none.";
constexpr const char* bounded_doc =
    "BoundedSemaphore(value=1)\n--\n\nA semaphore that refuses to have more permits than at first.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, semaphore_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialize),
    slot(Py_tp_dealloc, destroy_object<SemaphoreObject>),
    slot(Py_tp_traverse, traverse_object<SemaphoreObject>),
    slot(Py_tp_clear, clear_object<SemaphoreObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, properties),
    slot(Py_tp_members, with_attributes<SemaphoreObject>),
    {0, nullptr},
};

PyType_Slot bounded_slots[] = {
    slot(Py_tp_doc, bounded_doc),
    slot(Py_tp_init, initialize_bounded),
    slot(Py_tp_traverse, traverse_object<SemaphoreObject>),
    slot(Py_tp_clear, clear_object<SemaphoreObject>),
    slot(Py_tp_methods, bounded_methods),
    {0, nullptr},
};

constexpr unsigned flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE;

PyType_Spec spec = {
    .name = "threading.Semaphore",
    .basicsize = sizeof(SemaphoreObject),
    .itemsize = 0,
    .flags = flags,
    .slots = slots,
};

PyType_Spec bounded_spec = {
    .name = "threading.BoundedSemaphore",
    .basicsize = sizeof(SemaphoreObject),
    .itemsize = 0,
    .flags = flags,
    .slots = bounded_slots,
};

}  // namespace

Ref make_semaphore(const State& state, std::int64_t permits) {
    auto* const self = make_object<SemaphoreObject>(state.semaphore_type);
    if (self == nullptr) return {};
    new (&self->core.permits) Semaphore(permits);
    self->core.initial = permits;
    return Ref::steal(reinterpret_cast<PyObject*>(self));
}

Semaphore& permits_of(PyObject* semaphore) noexcept { return core(semaphore).permits; }

int add_semaphore(PyObject* module) {
    State& state = state_of_module(module);
    if (add_python_type(module, spec, state.semaphore_type) < 0) return -1;
    if (add_python_type(module, bounded_spec, state.bounded_semaphore_type, state.semaphore_type) < 0) return -1;
    const bool remembered = state.semaphore_functions.remember(state.semaphore_type) &&
                            state.bounded_semaphore_functions.remember(state.bounded_semaphore_type);
    return remembered ? 0 : -1;
}

}  // namespace threadwise::python
