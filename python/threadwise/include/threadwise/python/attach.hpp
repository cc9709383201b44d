#pragma once

/// \file
/// The interpreter's lock, taken and let go for a scope.

#include <Python.h>

#include <cxxabi.h>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>

#include "interface.hpp"

namespace threadwise::py::detail {

/// Whether this thread holds the interpreter's lock (without one: is attached to an interpreter).
inline bool is_attached() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked() != nullptr;
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyThreadState_UncheckedGet() != nullptr;
#else
    // PyGILState_Check() says yes to everybody once there has been a sub-interpreter.
    PyThreadState* const current = _PyThreadState_UncheckedGet();
    return current != nullptr && current == PyGILState_GetThisThreadState();
#endif
}

[[noreturn]] inline void stay_for_good() {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Around what may run Python code, or ask for the interpreter's lock otherwise. Up to 3.13 an interpreter whose end
/// has begun unwinds a thread that asks for it, through destructors which would touch Python again. Such a thread stays
/// here until the process ends, as it does from 3.14 on.
template <class Function>
auto or_stay(Function function) {
    try {
        return function();
    } catch (const abi::__forced_unwind&) {
        stay_for_good();
    }
}

/// Calls one of Python's functions that way, as in `guarded<PyObject_Str>(object)`. The other headers call those no
/// other way: scripts/check-guarded holds them to it.
template <auto function, class... Arguments>
auto guarded(Arguments... arguments) {
    return or_stay([&] { return function(arguments...); });
}

/// Gives up a reference.
inline void drop(PyObject* object) noexcept {
    or_stay([object] { Py_XDECREF(object); });
}

/// The interface of the module that is installed, once it is known.
inline constinit std::atomic<const Interface*> installed{nullptr};

/// A state for this thread, which has none.
inline PyThreadState* new_thread_state() {
    const Interface* const interface = installed.load(std::memory_order_acquire);  // acquire: pairs with its stores
    PyThreadState* const made =
        interface != nullptr ? interface->new_thread_state() : PyThreadState_New(PyInterpreterState_Main());
    return made != nullptr ? made : throw std::bad_alloc();
}

/// Holds the interpreter's lock for a scope, whether this thread has it already or not.
class Attached {
public:
    Attached() {
        if (is_attached()) return;
        if (Py_IsInitialized() == 0) stay_for_good();
        state_ = PyGILState_GetThisThreadState();
        if (state_ == nullptr) {
            state_ = new_thread_state();
            is_own_ = true;
        }
        guarded<PyEval_RestoreThread>(state_);
    }
    ~Attached() {
        if (state_ == nullptr) return;
        if (is_own_) {
            guarded<PyThreadState_Clear>(state_);
            PyThreadState_DeleteCurrent();
        } else {
            PyEval_SaveThread();
        }
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    PyThreadState* state_ = nullptr;
    bool is_own_ = false;
};

/// Lets the interpreter's lock go for a scope, if this thread has it.
class Detached {
public:
    Detached() : state_(is_attached() ? PyEval_SaveThread() : nullptr) {}
    ~Detached() {
        if (state_ != nullptr) guarded<PyEval_RestoreThread>(state_);
    }
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;

private:
    PyThreadState* state_;
};

/// An owned reference, dropped with the interpreter's lock held.
class Reference {
public:
    explicit Reference(PyObject* object) noexcept : object_(object) {}
    ~Reference() { drop(object_); }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    PyObject* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

private:
    PyObject* object_;
};

}  // namespace threadwise::py::detail
