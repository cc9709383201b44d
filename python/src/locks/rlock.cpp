#include "locks/rlock.hpp"

#include "base/arguments.hpp"
#include "base/describe.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::python {
namespace {

RLock& core(PyObject* self) noexcept { return as<RLockObject>(self).core; }

/// Arguments mean nothing: Python says so from 3.13 on, and refuses them from 3.15 on. But classes derived from RLock
/// have their own. -1 with an exception set.
int check_arguments(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    const bool none = PyTuple_GET_SIZE(args) == 0 && (keywords == nullptr || PyDict_GET_SIZE(keywords) == 0);
    if (none || PY_VERSION_HEX < 0x030D0000) return 0;
    const State* const state = state_of_type(type);
    if (state == nullptr || type != state->rlock_type) return state == nullptr ? -1 : 0;
    if (PY_VERSION_HEX >= 0x030F0000) return refuse_arguments("RLock", args, keywords);
    return PyErr_WarnEx(PyExc_DeprecationWarning, "Passing arguments to threading.RLock is deprecated", 1);
}

PyObject* make(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    if (check_arguments(type, args, keywords) < 0) return nullptr;
    return reinterpret_cast<PyObject*>(make_object<RLockObject>(type));
}

PyObject* wait_for(RLock& lock, Timeout timeout) {
    return to_python(wait_detached(timeout, [&lock](Timeout left) { return lock.acquire(true, left); }));
}

/// Whether it was free, or the calling thread's already; -1 with an exception set: taken too many times.
int try_acquire(PyObject* self) {
    try {
        return core(self).try_lock() ? 1 : 0;
    } catch (const RuntimeError&) {
        PyErr_SetString(PyExc_OverflowError, "Internal lock count overflowed");
        return -1;
    }
}

PyObject* acquire_or_wait(PyObject* self, const Acquisition& how) {
    const int taken = try_acquire(self);
    if (taken < 0) return nullptr;
    if (taken > 0) Py_RETURN_TRUE;
    if (!how.blocking) Py_RETURN_FALSE;
    return wait_for(core(self), how.timeout);
}

PyObject* acquire(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Acquisition how;
    if ((count != 0 || names != nullptr) && !parse_acquire(how, args, count, names)) return nullptr;
    return acquire_or_wait(self, how);
}

PyObject* enter(PyObject* self, PyObject*) { return acquire_or_wait(self, {}); }

PyObject* refuse_release() {
    PyErr_SetString(PyExc_RuntimeError, "cannot release un-acquired lock");
    return nullptr;
}

PyObject* release(PyObject* self, PyObject*) {
    if (!core(self).is_owned()) return refuse_release();
    core(self).unlock();
    Py_RETURN_NONE;
}

PyObject* exit(PyObject* self, PyObject* const*, Py_ssize_t) { return release(self, nullptr); }

PyObject* locked(PyObject* self, PyObject*) { return PyBool_FromLong(core(self).locked()); }

PyObject* is_owned(PyObject* self, PyObject*) { return PyBool_FromLong(core(self).is_owned()); }

PyObject* recursion_count(PyObject* self, PyObject*) { return PyLong_FromUnsignedLong(core(self).recursion_count()); }

PyObject* release_save(PyObject* self, PyObject*) {
    const std::uint32_t count = core(self).recursion_count();
    if (count == 0) return refuse_release();
    PyObject* const saved = Py_BuildValue("kk", static_cast<unsigned long>(count), PyThread_get_thread_ident());
    for (std::uint32_t i = 0; saved != nullptr && i < count; ++i) core(self).unlock();
    return saved;
}

PyObject* acquire_restore(PyObject* self, PyObject* saved) {
    unsigned long count = 0;
    unsigned long owner = 0;
    if (!PyTuple_Check(saved)) return PyErr_Format(PyExc_TypeError, "_acquire_restore() argument 1 must be a tuple");
    if (!PyArg_ParseTuple(saved, "kk:_acquire_restore", &count, &owner)) return nullptr;
    RLock& lock = core(self);
    if (!lock.try_lock() &&
        wait_detached(forever, [&lock](Timeout left) { return lock.acquire(true, left); }) != Waited::done) {
        return nullptr;
    }
    for (unsigned long i = 1; i < count; ++i) lock.lock();
    Py_RETURN_NONE;
}

PyObject* at_fork_reinit(PyObject* self, PyObject*) {
    new (&core(self)) RLock;
    Py_RETURN_NONE;
}

PyObject* represent(PyObject* self) {
    const RLock& lock = core(self);
    const unsigned long count = lock.owner_count();
    // A lock does not know what Python calls another thread.
    const unsigned long owner = count == 0 ? 0 : lock.is_owned() ? PyThread_get_thread_ident() : 1;
    return PyUnicode_FromFormat("<%s %s object owner=%lu count=%lu at %p>", count == 0 ? "unlocked" : "locked",
                                Py_TYPE(self)->tp_name, owner, count, self);
}

constexpr const char* acquire_doc =
    "acquire($self, /, blocking=True, timeout=-1)\n--\n\n"
    "Take the lock, or take it once more if it is the calling thread's; wait while it is another's, at most timeout\n"
    "seconds (-1: for as long as it takes), unless blocking is false. Returns True once it is taken, False otherwise.";
constexpr const char* release_doc =
    "release($self, /)\n--\n\n"
    "Take back one acquire(); after the last one the lock is free. RuntimeError if it is not the calling thread's.";

PyMethodDef methods[] = {
    method("acquire", acquire, acquire_doc),
    method("release", release, release_doc),
    method("locked", locked, "locked($self, /)\n--\n\nWhether any thread has taken the lock."),
    method("__enter__", enter, "__enter__($self, /)\n--\n\nTake the lock, as acquire() does."),
    method("__exit__", exit, "__exit__($self, /, *exc_info)\n--\n\nTake back one acquire(), as release() does."),
    method("_is_owned", is_owned, "_is_owned($self, /)\n--\n\nWhether the calling thread has the lock."),
    method("_recursion_count", recursion_count,
           "_recursion_count($self, /)\n--\n\nHow many times the calling thread has the lock."),
    method("_release_save", release_save,
           "_release_save($self, /)\n--\n\nFree the lock, however often it was taken; returns what to restore."),
    method("_acquire_restore", acquire_restore, METH_O,
           "_acquire_restore($self, saved, /)\n--\n\nTake the lock as often as it was before _release_save()."),
    method("_at_fork_reinit", at_fork_reinit,
           "_at_fork_reinit($self, /)\n--\n\nMake the lock anew, in a forked child."),
    {},
};

constexpr const char* rlock_doc =
    "RLock()\n--\n\n"
    "A lock that its holder may take again, and that no other thread can free. Python's threading.RLock over "
    "threadwise's.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, rlock_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy_object<RLockObject>),
    slot(Py_tp_traverse, traverse_object<RLockObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_members, weakly_referenced<RLockObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "_thread.RLock",
    .basicsize = sizeof(RLockObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

}  // namespace

int add_rlock(PyObject* module) { return add_type(module, spec, state_of_module(module).rlock_type); }

}  // namespace threadwise::python
