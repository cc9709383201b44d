#pragma once

/// \file
/// The interpreter's lock, taken and let go for a scope.

#include <Python.h>

#include <cxxabi.h>

#include <chrono>
#include <thread>

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

/// Around what may wait for the interpreter's lock, as all does that may run Python code. Up to 3.13 an interpreter
/// that ends unwinds a thread that comes too late, through destructors which would touch it again. Such a thread stays
/// here until the process ends, as it does from 3.14 on.
template <class Function>
auto or_stay(Function function) {
    try {
        return function();
    } catch (const abi::__forced_unwind&) {
        stay_for_good();
    }
}

/// Holds the interpreter's lock for a scope, whether this thread has it already or not.
class Attached {
public:
    Attached() {
        if (!is_attached() && Py_IsInitialized() == 0) stay_for_good();
        state_ = or_stay(PyGILState_Ensure);
    }
    ~Attached() { PyGILState_Release(state_); }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    PyGILState_STATE state_;
};

/// Lets the interpreter's lock go for a scope, if this thread has it.
class Detached {
public:
    Detached() : state_(is_attached() ? PyEval_SaveThread() : nullptr) {}
    ~Detached() {
        if (state_ != nullptr) or_stay([this] { PyEval_RestoreThread(state_); });
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
    ~Reference() { Py_XDECREF(object_); }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    PyObject* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

private:
    PyObject* object_;
};

}  // namespace threadwise::py::detail
