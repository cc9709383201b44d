#include <Python.h>

#include <atomic>
#include <limits>
#include <new>
#include <utility>

#include "base/arguments.hpp"
#include "base/critical_section.hpp"
#include "base/describe.hpp"
#include "base/exceptions.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "locks/any_lock.hpp"
#include "locks/waiters.hpp"
#include "module/state.hpp"
#include "threadwise/detail/general/deadline.hpp"

namespace threadwise::python {
namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

/// A lock that the condition has or had: another thread may be using it while a program replaces it by the next, so all
/// of them stay for as long as the condition does. Hardly any program replaces even one.
struct KeptLock {
    AnyLock lock;
    KeptLock* replaced = nullptr;
};

struct ConditionCore {
    std::atomic<KeptLock*> lock{nullptr};  ///< owned; null before __init__()
    Waiters waiters;

    ConditionCore() = default;
    ConditionCore(const ConditionCore&) = delete;
    ConditionCore& operator=(const ConditionCore&) = delete;
    ~ConditionCore() {
        for (KeptLock* kept = lock.load(); kept != nullptr;) delete std::exchange(kept, kept->replaced);
    }

    template <class Visit>
    void visit_references(Visit visit) {
        for (KeptLock* kept = lock.load(); kept != nullptr; kept = kept->replaced) kept->lock.visit_references(visit);
    }
};

struct ConditionObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dictionary;
    ConditionCore core;
};

ConditionCore& core(PyObject* self) noexcept { return as<ConditionObject>(self).core; }

/// Acquire: a thread that sees the lock sees what it is.
const AnyLock& lock_of(PyObject* self) noexcept { return core(self).lock.load(std::memory_order_acquire)->lock; }

/// False with an exception set.
bool use_lock(PyObject* self, PyObject* lock) {
    const State* const state = state_of_type(Py_TYPE(self));
    auto* const kept = state == nullptr ? nullptr : new (std::nothrow) KeptLock{AnyLock(*state, lock)};
    if (kept == nullptr) return PyErr_Occurred() != nullptr ? false : PyErr_NoMemory() != nullptr;
    const CriticalSection section(self);
    kept->replaced = core(self).lock.load(std::memory_order_relaxed);  // writers exclude each other
    core(self).lock.store(kept, std::memory_order_release);
    return true;
}

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    return reinterpret_cast<PyObject*>(make_object<ConditionObject>(type));
}

/// False with an exception set.
bool is_like_lock(PyObject* object) {
    return Ref::steal(PyObject_GetAttrString(object, "acquire")) &&
           Ref::steal(PyObject_GetAttrString(object, "release"));
}

int initialize(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"lock", nullptr};
    PyObject* given = nullptr;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "|O", const_cast<char**>(names), &given) == 0) return -1;
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    const bool is_given = given != nullptr && given != Py_None;
    const Ref lock =
        is_given ? Ref::borrow(given) : Ref::steal(PyObject_CallNoArgs(reinterpret_cast<PyObject*>(state->rlock_type)));
    if (!lock || (is_given && !is_like_lock(lock.get()))) return -1;
    return use_lock(self, lock.get()) ? 0 : -1;
}

/// A class that overrides __init__ may have forgotten to call ours.
bool is_ready(PyObject* self) {
    const KeptLock* const kept = core(self).lock.load(std::memory_order_acquire);  // as lock_of() does
    if (kept != nullptr && kept->lock.object() != nullptr) return true;
    PyErr_SetString(PyExc_RuntimeError, "Condition.__init__() was not called");
    return false;
}

bool check_owned(PyObject* self, const char* complaint) {
    if (!is_ready(self)) return false;
    const int owned = lock_of(self).is_owned();
    if (owned == 0) PyErr_SetString(PyExc_RuntimeError, complaint);
    return owned > 0;
}

PyObject* acquire(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    return is_ready(self) ? lock_of(self).acquire(args, count, names) : nullptr;
}

PyObject* release(PyObject* self, PyObject*) { return is_ready(self) ? lock_of(self).release() : nullptr; }

PyObject* locked(PyObject* self, PyObject*) {
    return is_ready(self) ? PyObject_CallMethod(lock_of(self).object(), "locked", nullptr) : nullptr;
}

PyObject* enter(PyObject* self, PyObject*) { return is_ready(self) ? lock_of(self).enter() : nullptr; }

PyObject* exit(PyObject* self, PyObject* const* args, Py_ssize_t count) {
    return is_ready(self) ? lock_of(self).exit(args, count) : nullptr;
}

/// Takes the lock again after a wait, keeping the exception that the wait may have ended with.
Waited take_back(const AnyLock& lock, const AnyLock::Saved& saved, Waited waited) {
    if (waited != Waited::failed) return lock.take_back(saved) < 0 ? Waited::failed : waited;
    Ref raised = take_raised();
    int taken = 0;
    {
        const Handling handling(raised);
        taken = lock.take_back(saved);
    }
    if (taken < 0) return Waited::failed;  // the lock's exception has the other as its context
    restore_raised(std::move(raised));
    return Waited::failed;
}

/// Gives up the lock, waits, takes the same lock again.
Waited wait_once(PyObject* self, Timeout timeout) {
    const AnyLock& lock = lock_of(self);
    Waiters& waiters = core(self).waiters;
    Waiter waiter;
    waiters.add(waiter);
    AnyLock::Saved saved;
    if (lock.give_up(saved) < 0) {
        waiters.remove(waiter);
        return Waited::failed;
    }
    Waited waited = wait_detached(timeout, [&waiter](Timeout left) { return waiter.wait(left); });
    waiters.remove(waiter);
    // Who is notified at the last moment has used up a notification, which must not be lost.
    if (waited == Waited::timed_out && waiter.is_notified()) waited = Waited::done;
    return take_back(lock, saved, waited);
}

PyObject* wait(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("wait", {"timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    if (!check_owned(self, "cannot wait on un-acquired lock")) return nullptr;
    Timeout timeout;
    if (!to_timeout(given[0], timeout)) return nullptr;
    return to_python(wait_once(self, timeout));
}

/// Whether what its methods do is certain to be what our functions do: -1 with an exception set.
int is_plain(PyObject* self) {
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    const bool exact = Py_TYPE(self) == state->condition_type && as<ConditionObject>(self).dictionary == nullptr;
    return exact && state->condition_functions.are_unchanged() ? 1 : 0;
}

/// wait(), as the class of `self` defines it, or the object itself: 0 on success, -1 with an exception set.
int wait_as_defined(PyObject* self, Timeout left) {
    const int plain = is_plain(self);
    if (plain < 0) return -1;
    if (plain > 0) {
        if (!check_owned(self, "cannot wait on un-acquired lock")) return -1;
        return wait_once(self, left) == Waited::failed ? -1 : 0;
    }
    const Ref seconds = left.is_forever()
                            ? Ref::borrow(Py_None)
                            : Ref::steal(PyFloat_FromDouble(std::chrono::duration<double>(left.duration()).count()));
    if (!seconds) return -1;
    return Ref::steal(PyObject_CallMethod(self, "wait", "O", seconds.get())) ? 0 : -1;
}

PyObject* wait_for(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<2> given("wait_for", {"predicate", "timeout"}, 1);
    if (!given.parse(args, count, names)) return nullptr;
    Timeout timeout;
    if (!to_timeout(given[1], timeout)) return nullptr;
    const detail::Deadline deadline(timeout);
    bool has_waited = false;
    for (;;) {
        Ref result = Ref::steal(PyObject_CallNoArgs(given[0]));
        const int truth = result ? PyObject_IsTrue(result.get()) : -1;
        if (truth < 0) return nullptr;
        const Timeout left = deadline.left();
        // Without any time it waits once, too: a thread that does not hold the lock gets the error.
        if (truth != 0 || (has_waited && left.duration().count() <= 0)) return result.release();
        has_waited = true;
        if (wait_as_defined(self, left) < 0) return nullptr;
    }
}

PyObject* notify_some(PyObject* self, std::size_t n) {
    if (!check_owned(self, "cannot notify on un-acquired lock")) return nullptr;
    core(self).waiters.notify(n);
    Py_RETURN_NONE;
}

PyObject* notify(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("notify", {"n"});
    if (!given.parse(args, count, names)) return nullptr;
    if (given[0] == nullptr) return notify_some(self, 1);
    const Py_ssize_t n = PyNumber_AsSsize_t(given[0], nullptr);
    if (n == -1 && PyErr_Occurred() != nullptr) return nullptr;
    return notify_some(self, n < 0 ? 0 : static_cast<std::size_t>(n));
}

/// By way of notify(), which a subclass or a program may have replaced.
PyObject* notify_all(PyObject* self, PyObject*) {
    const int plain = is_ready(self) ? is_plain(self) : -1;
    if (plain < 0) return nullptr;
    if (plain > 0) return notify_some(self, all);
    const auto count = static_cast<Py_ssize_t>(core(self).waiters.count());
    const Ref notified = Ref::steal(PyObject_CallMethod(self, "notify", "n", count));
    return notified ? Py_NewRef(Py_None) : nullptr;
}

PyObject* old_notify_all(PyObject* self, PyObject*) {
    if (warn_of_old_name("notifyAll", "notify_all") < 0) return nullptr;
    const Ref notified = Ref::steal(PyObject_CallMethod(self, "notify_all", nullptr));
    return notified ? Py_NewRef(Py_None) : nullptr;
}

PyObject* is_owned(PyObject* self, PyObject*) {
    if (!is_ready(self)) return nullptr;
    const int owned = lock_of(self).is_owned();
    return owned < 0 ? nullptr : PyBool_FromLong(owned);
}

/// For code that uses a condition as a lock: the lock's method, or a substitute where the lock has none.
PyObject* release_save(PyObject* self, PyObject*) { return is_ready(self) ? lock_of(self).release_save() : nullptr; }

PyObject* acquire_restore(PyObject* self, PyObject* saved) {
    return is_ready(self) ? lock_of(self).acquire_restore(saved) : nullptr;
}

PyObject* at_fork_reinit(PyObject* self, PyObject*) {
    if (!is_ready(self)) return nullptr;
    new (&core(self).waiters) Waiters;
    return PyObject_CallMethod(lock_of(self).object(), "_at_fork_reinit", nullptr);
}

/// Something of the right length: a waiter is known by nothing but its turn.
PyObject* get_waiters(PyObject* self, void*) {
    const auto count = static_cast<Py_ssize_t>(core(self).waiters.count());
    const Ref none = Ref::steal(PyTuple_Pack(1, Py_None));
    return none ? PySequence_Repeat(none.get(), count) : nullptr;
}

PyObject* get_lock(PyObject* self, void*) { return is_ready(self) ? Py_NewRef(lock_of(self).object()) : nullptr; }

int set_lock(PyObject* self, PyObject* lock, void*) {
    if (lock != nullptr) return use_lock(self, lock) ? 0 : -1;
    PyErr_SetString(PyExc_AttributeError, "a condition cannot be without a lock");
    return -1;
}

PyObject* represent(PyObject* self) {
    if (!is_ready(self)) return nullptr;
    return PyUnicode_FromFormat("<Condition(%R, %zu)>", lock_of(self).object(), core(self).waiters.count());
}

PyMethodDef methods[] = {
    method("acquire", acquire, "acquire($self, /, *args, **kwargs)\n--\n\nAcquire the lock, as its own method does."),
    method("release", release, "release($self, /)\n--\n\nRelease the lock."),
    method("locked", locked, "locked($self, /)\n--\n\nWhether somebody holds the lock, which has to have this method."),
    method("__enter__", enter, "__enter__($self, /)\n--\n\nAcquire the lock."),
    method("__exit__", exit, "__exit__($self, /, *exc_info)\n--\n\nRelease the lock."),
    method("wait", wait,
           "wait($self, /, timeout=None)\n--\n\n"
           "Release the lock, wait until notified, at most timeout seconds, and take the lock again.\n\n"
           "Returns whether notified in time. RuntimeError if the lock is not held."),
    method("wait_for", wait_for,
           "wait_for($self, /, predicate, timeout=None)\n--\n\n"
           "Wait until predicate() is true, at most timeout seconds in all. Returns what it returned last."),
    method("notify", notify,
           "notify($self, /, n=1)\n--\n\nWake up to n waiting threads. RuntimeError if the lock is not held."),
    method("notify_all", notify_all, "notify_all($self, /)\n--\n\nWake all waiting threads."),
    method("notifyAll", old_notify_all, "notifyAll($self, /)\n--\n\nOld name of notify_all()."),
    method("_is_owned", is_owned, "_is_owned($self, /)\n--\n\nWhether the lock is held."),
    method("_release_save", release_save,
           "_release_save($self, /)\n--\n\nRelease the lock, however often it was taken; returns what to restore."),
    method("_acquire_restore", acquire_restore, METH_O,
           "_acquire_restore($self, saved, /)\n--\n\nTake the lock as often as it was before _release_save()."),
    method("_at_fork_reinit", at_fork_reinit,
           "_at_fork_reinit($self, /)\n--\n\nIn a forked child: forget the threads that waited."),
    {},
};

PyGetSetDef properties[] = {
    {"_lock", get_lock, set_lock, nullptr, nullptr},
    {"_waiters", get_waiters, nullptr, nullptr, nullptr},
    dictionary_property(),
    {},
};

constexpr const char* condition_doc =
    "Condition(lock=None)\n--\n\n"
    "Threads wait, with a lock, until another that has the lock tells them that something changed.\n\n"
    "Over an RLock of its own if no lock is given.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, condition_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialize),
    slot(Py_tp_dealloc, destroy_object<ConditionObject>),
    slot(Py_tp_traverse, traverse_object<ConditionObject>),
    slot(Py_tp_clear, clear_object<ConditionObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, properties),
    slot(Py_tp_members, with_attributes<ConditionObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threading.Condition",
    .basicsize = sizeof(ConditionObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

}  // namespace

int add_condition(PyObject* module) {
    State& state = state_of_module(module);
    if (add_python_type(module, spec, state.condition_type) < 0) return -1;
    return state.condition_functions.remember(state.condition_type) ? 0 : -1;
}

}  // namespace threadwise::python
