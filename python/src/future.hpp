#pragma once

/// \file
/// concurrent.futures.Future.

#include <Python.h>

#include <exception>

#include "reference.hpp"
#include "state.hpp"
#include "threadwise/detail/future_state.hpp"

namespace threadwise::python {

/// What C++ finds in a future whose call raised in Python: the exception itself is for Python to see.
class PythonError : public std::exception {
public:
    const char* what() const noexcept override { return "the call raised an exception in Python"; }
    /// One for all.
    static const std::exception_ptr& pointer();
};

/// The core's state of a Python future, as a part of that object: not deleted by its last owner.
class FutureCore final : public threadwise::detail::FutureState {
public:
    FutureCore() noexcept : FutureState(1, nullptr) { tell_of_cancellation_late(); }
    ~FutureCore() override = default;

    using FutureState::force;

private:
    void call() override {}  // an executor's affair
};

/// What Python sees of a future, apart from the rest so that offsetof is defined.
struct FutureFields {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dict;
    PyObject* result;     ///< null: None
    PyObject* exception;  ///< null: None
    PyObject* callbacks;  ///< a list, or null
    PyObject* waiters;    ///< a list of what Python code has put there, or null
    PyObject* condition;  ///< null until somebody asks for it
    State* state;
};

/// Who reads and writes `result` and `exception` is attached to the interpreter; C++ threads may look at `core` and
/// wait for it without.
struct FutureObject : FutureFields {
    FutureCore core;
};

inline bool is_future(const State& state, PyObject* object) noexcept {
    return PyObject_TypeCheck(object, state.future_type) != 0;
}

/// Whether that is the type itself, not one derived from it. For threads that are not attached.
bool is_future_type(const PyTypeObject* type) noexcept;

/// A pending future of exactly our type; null with an exception set on failure.
FutureObject* make_future(State& state);

/// What the methods of these names do. False with an exception set on failure.
bool set_result(FutureObject& self, PyObject* result);
bool set_exception(FutureObject& self, PyObject* exception);
/// 1: it is running now. 0: it was cancelled. -1: it is neither, or something else went wrong; an exception is set.
int set_running_or_notify_cancel(FutureObject& self);

/// 1: it is cancelled. 0: it cannot be. -1 with an exception set.
int cancel(FutureObject& self);
/// True unless one of them raised what is no Exception.
bool call_callbacks(FutureObject& self);
bool add_done_callback(FutureObject& self, PyObject* callback);
/// Waits for a change that somebody is making under the future's condition.
bool settle(FutureObject& self);

/// "PENDING" and so on.
const char* name_of(FutureCore::Status status) noexcept;

}  // namespace threadwise::python
