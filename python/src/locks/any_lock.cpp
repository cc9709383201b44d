#include "locks/any_lock.hpp"

#include "base/finalization.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "locks/lock.hpp"
#include "locks/rlock.hpp"

namespace threadwise::python {
namespace {

Lock& lock_of(PyObject* object) noexcept { return as<LockObject>(object).core; }
RLock& rlock_of(PyObject* object) noexcept { return as<RLockObject>(object).core; }

PyObject* true_value() noexcept { return Py_NewRef(Py_True); }

/// Takes one of ours, whatever signal handlers say; -1 with the exception of the first that raised. Only at the
/// interpreter's end may the lock not be taken then.
template <class OurLock>
int take(OurLock& lock) {
    if (lock.try_lock()) return 0;
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    while (wait_detached(forever, [&lock](Timeout left) { return lock.acquire(true, left); }) == Waited::failed) {
        if (type == nullptr) {
            PyErr_Fetch(&type, &value, &traceback);
        } else {
            PyErr_Clear();
        }
        if (is_finalizing()) break;
    }
    if (type == nullptr) return 0;
    PyErr_Restore(type, value, traceback);
    return -1;
}

/// The method if the lock has one; null without an exception if not.
Ref optional_method(PyObject* object, const char* name) {
    PyObject* const method = PyObject_GetAttrString(object, name);
    if (method == nullptr && PyErr_ExceptionMatches(PyExc_AttributeError) != 0) PyErr_Clear();
    return Ref::steal(method);
}

/// -1 on error, as the result of a function that returns a truth.
int truth_of(const Ref& value) { return value ? PyObject_IsTrue(value.get()) : -1; }

/// A lock that cannot be asked whether it is held: it is if it cannot be taken.
int is_owned_by_trial(PyObject* object) {
    const Ref taken = Ref::steal(PyObject_CallMethod(object, "acquire", "O", Py_False));
    const int truth = truth_of(taken);
    if (truth <= 0) return truth == 0 ? 1 : -1;
    return Ref::steal(PyObject_CallMethod(object, "release", nullptr)) ? 0 : -1;
}

}  // namespace

AnyLock::AnyLock(const State& state, PyObject* lock) noexcept
    : object_(Py_NewRef(lock)),
      kind_(is_lock(state, lock)    ? Kind::lock
            : is_rlock(state, lock) ? Kind::rlock
                                    : Kind::other) {}

bool AnyLock::try_take() const {
    return (kind_ == Kind::rlock && rlock_of(object_).try_lock()) ||
           (kind_ == Kind::lock && lock_of(object_).try_lock());
}

PyObject* AnyLock::acquire(PyObject* const* args, Py_ssize_t count, PyObject* names) const {
    if (count == 0 && names == nullptr && try_take()) return true_value();
    const Ref method = Ref::steal(PyObject_GetAttrString(object_, "acquire"));
    return method ? PyObject_Vectorcall(method.get(), args, static_cast<std::size_t>(count), names) : nullptr;
}

PyObject* AnyLock::release() const {
    if (kind_ == Kind::rlock && rlock_of(object_).is_owned()) {
        rlock_of(object_).unlock();
        Py_RETURN_NONE;
    }
    return PyObject_CallMethod(object_, "release", nullptr);
}

PyObject* AnyLock::enter() const {
    return try_take() ? true_value() : PyObject_CallMethod(object_, "__enter__", nullptr);
}

PyObject* AnyLock::exit(PyObject* const* args, Py_ssize_t count) const {
    if (kind_ != Kind::other) return release();
    const Ref method = Ref::steal(PyObject_GetAttrString(object_, "__exit__"));
    return method ? PyObject_Vectorcall(method.get(), args, static_cast<std::size_t>(count), nullptr) : nullptr;
}

PyObject* AnyLock::release_save() const {
    const Ref method = optional_method(object_, "_release_save");
    if (method) return PyObject_CallNoArgs(method.get());
    return PyErr_Occurred() != nullptr ? nullptr : release();
}

PyObject* AnyLock::acquire_restore(PyObject* saved) const {
    const Ref method = optional_method(object_, "_acquire_restore");
    if (method) return PyObject_CallOneArg(method.get(), saved);
    return PyErr_Occurred() != nullptr ? nullptr : PyObject_CallMethod(object_, "acquire", nullptr);
}

int AnyLock::is_owned() const {
    if (kind_ == Kind::rlock) return rlock_of(object_).is_owned() ? 1 : 0;
    if (kind_ == Kind::lock) return lock_of(object_).locked() ? 1 : 0;
    const Ref method = optional_method(object_, "_is_owned");
    if (method) return truth_of(Ref::steal(PyObject_CallNoArgs(method.get())));
    return PyErr_Occurred() != nullptr ? -1 : is_owned_by_trial(object_);
}

int AnyLock::give_up(Saved& saved) const {
    if (kind_ == Kind::rlock) {
        RLock& lock = rlock_of(object_);
        saved.count = lock.recursion_count();
        for (std::uint32_t i = 0; i < saved.count; ++i) lock.unlock();
        return 0;
    }
    if (kind_ == Kind::other) {
        if (const Ref method = optional_method(object_, "_release_save")) {
            saved.state = Ref::steal(PyObject_CallNoArgs(method.get()));
            return saved.state ? 0 : -1;
        }
        if (PyErr_Occurred() != nullptr) return -1;
    }
    return Ref::steal(release()) ? 0 : -1;
}

int AnyLock::take_back(const Saved& saved) const {
    if (kind_ == Kind::lock) return take(lock_of(object_));
    if (kind_ == Kind::rlock) {
        RLock& lock = rlock_of(object_);
        const int result = take(lock);
        for (std::uint32_t i = 1; i < saved.count; ++i) lock.lock();
        return result;
    }
    if (saved.state) {
        return Ref::steal(PyObject_CallMethod(object_, "_acquire_restore", "(O)", saved.state.get())) ? 0 : -1;
    }
    return Ref::steal(PyObject_CallMethod(object_, "acquire", nullptr)) ? 0 : -1;
}

}  // namespace threadwise::python
