#include "locks/lock.hpp"

#include "base/arguments.hpp"
#include "base/describe.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::python {
namespace {

Lock& core(PyObject* self) noexcept { return as<LockObject>(self).core; }

/// Before 3.13 Python's locks are made by allocate_lock() alone, and threading.Lock is that function.
#if PY_VERSION_HEX >= 0x030D0000
constexpr unsigned long how_made = 0;

PyObject* make(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    if (refuse_arguments("lock", args, keywords) < 0) return nullptr;
    return reinterpret_cast<PyObject*>(make_object<LockObject>(type));
}

#else
constexpr unsigned long how_made = Py_TPFLAGS_DISALLOW_INSTANTIATION;
#endif

PyObject* allocate_lock(PyObject* module, PyObject*) { return make_lock(state_of_module(module)).release(); }

PyObject* wait_for(Lock& lock, Timeout timeout) {
    return to_python(wait_detached(timeout, [&lock](Timeout left) { return lock.acquire(true, left); }));
}

PyObject* acquire(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    if (count == 0 && names == nullptr && core(self).try_lock()) Py_RETURN_TRUE;
    Acquisition how;
    if (!parse_acquire(how, args, count, names)) return nullptr;
    if (core(self).try_lock()) Py_RETURN_TRUE;
    if (!how.blocking) Py_RETURN_FALSE;
    return wait_for(core(self), how.timeout);
}

PyObject* enter(PyObject* self, PyObject*) {
    if (core(self).try_lock()) Py_RETURN_TRUE;
    return wait_for(core(self), forever);
}

bool try_release(PyObject* self) {
    try {
        core(self).unlock();
        return true;
    } catch (const RuntimeError&) {
        PyErr_SetString(PyExc_RuntimeError, "release unlocked lock");
        return false;
    }
}

PyObject* release(PyObject* self, PyObject*) {
    if (!try_release(self)) return nullptr;
    Py_RETURN_NONE;
}

PyObject* exit(PyObject* self, PyObject* const*, Py_ssize_t) { return release(self, nullptr); }

PyObject* locked(PyObject* self, PyObject*) { return PyBool_FromLong(core(self).locked()); }

PyObject* at_fork_reinit(PyObject* self, PyObject*) {
    new (&core(self)) Lock;
    Py_RETURN_NONE;
}

PyObject* represent(PyObject* self) {
    return PyUnicode_FromFormat("<%s %s object at %p>", core(self).locked() ? "locked" : "unlocked",
                                Py_TYPE(self)->tp_name, self);
}

constexpr const char* acquire_doc =
    "acquire($self, /, blocking=True, timeout=-1)\n--\n\n"
    "Take the lock; wait for it, at most timeout seconds (-1: for as long as it takes), unless blocking is false.\n\n"
    "Returns True once it is taken, False otherwise. A signal handler may run, and raise, during the wait.";
constexpr const char* release_doc =
    "release($self, /)\n--\n\n"
    "Free the lock, whichever thread took it, and wake one that waits for it. RuntimeError if it is not locked.";
constexpr const char* locked_doc = "locked($self, /)\n--\n\nWhether the lock is taken.";

// The names of old have the same parameters.
constexpr const char* old_acquire_doc =
    "acquire_lock($self, /, blocking=True, timeout=-1)\n--\n\nThe same as acquire().";
constexpr const char* old_release_doc = "release_lock($self, /)\n--\n\nThe same as release().";
constexpr const char* old_locked_doc = "locked_lock($self, /)\n--\n\nThe same as locked().";

PyMethodDef methods[] = {
    method("acquire", acquire, acquire_doc),
    method("acquire_lock", acquire, old_acquire_doc),
    method("release", release, release_doc),
    method("release_lock", release, old_release_doc),
    method("locked", locked, locked_doc),
    method("locked_lock", locked, old_locked_doc),
    method("__enter__", enter, "__enter__($self, /)\n--\n\nTake the lock, as acquire() does."),
    method("__exit__", exit, "__exit__($self, /, *exc_info)\n--\n\nFree the lock, as release() does."),
    method("_at_fork_reinit", at_fork_reinit,
           "_at_fork_reinit($self, /)\n--\n\nMake the lock anew, in a forked child."),
    {},
};

constexpr const char* lock_doc =
#if PY_VERSION_HEX >= 0x030D0000
    "lock()\n--\n\n"
#endif
    "A lock: taken by one thread at a time, freed by any. Python's threading.Lock over threadwise's.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, lock_doc),
#if PY_VERSION_HEX >= 0x030D0000
    slot(Py_tp_new, make),
#endif
    slot(Py_tp_dealloc, destroy_object<LockObject>),
    slot(Py_tp_traverse, traverse_object<LockObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, weakly_referenced<LockObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "_thread.lock",
    .basicsize = sizeof(LockObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | how_made,
    .slots = slots,
};

PyMethodDef functions[] = {
    method("allocate_lock", allocate_lock, "allocate_lock($module, /)\n--\n\nMake a Lock."),
    {},
};

}  // namespace

Ref make_lock(const State& state) {
    return Ref::steal(reinterpret_cast<PyObject*>(make_object<LockObject>(state.lock_type)));
}

int add_lock(PyObject* module) {
    if (add_type(module, spec, state_of_module(module).lock_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

}  // namespace threadwise::python
