#pragma once

/// \file
/// concurrent.futures.Future.

#include <Python.h>

#include <atomic>
#include <exception>

#include "base/reference.hpp"
#include "module/state.hpp"
#include "queue/native_item.hpp"
#include "threadwise/detail/futures/future_state.hpp"

namespace threadwise::python {

/// The C++ exception of a future whose call raised in Python. Python's exception itself is in FutureFields.
class PythonError : public std::exception {
public:
    const char* what() const noexcept override { return "the call raised an exception in Python"; }
    /// The only instance.
    static const std::exception_ptr& pointer();
};

/// The state of a Python future in the C++ core. It is a member of the Python object, which owns it.
class FutureCore final : public threadwise::detail::FutureState {
public:
    FutureCore() noexcept : FutureState(1, nullptr) {}
    ~FutureCore() override {
        if (NativeItem* const value = native()) value->destroy(value);
    }

    /// Sets the status, whatever it was before. If it is not done then, it can be ended once more.
    void force(Status status) noexcept;

    /// Called before a result is set: whether the caller is the first that sets one. Python code and detached C++
    /// threads share no lock that could decide that.
    bool claim_end() noexcept {
        return (watch_.fetch_or(claimed, std::memory_order_relaxed) & claimed) == 0;  // relaxed: nothing is passed on
    }

    /// The outcome that C++ has set, or null. It lives as long as the future.
    NativeItem* native() const noexcept {
        return native_.load(std::memory_order_acquire);  // acquire: the value is seen whole
    }
    bool has_failed() const noexcept { return exception() != nullptr; }

    /// Called by a detached thread: ends the future, and stores the value in native(). False if it had ended before.
    bool finish_natively(py::NativeOutcome outcome) noexcept;

    /// Called when Python code is about to wait for the end by a callback or with the condition, before it checks
    /// whether the future is done. A detached thread that ends the future later then calls finish_in_python().
    void be_watched() noexcept {
        // acq_rel: sees the end if that came first, as ends_unwatched() sees this otherwise.
        watch_.fetch_or(watched, std::memory_order_acq_rel);
    }
    bool is_watched() const noexcept {
        return (watch_.load(std::memory_order_relaxed) & watched) != 0;  // relaxed: ends_unwatched() decides
    }
    /// Called after the end: whether finish_in_python() is not needed.
    bool ends_unwatched() noexcept {
        return (watch_.fetch_or(ended, std::memory_order_acq_rel) & watched) == 0;  // acq_rel: see be_watched()
    }

private:
    static constexpr unsigned char watched = 1;
    static constexpr unsigned char ended = 2;
    static constexpr unsigned char claimed = 4;

    void call() override {}  // the executor makes the call

    std::atomic<NativeItem*> native_{nullptr};
    std::atomic<unsigned char> watch_{0};
};

/// The members of a future that Python sees. A standard-layout type, as offsetof requires.
struct FutureFields {
    PyObject_HEAD PyObject* weak_references;
    PyObject* dict;
    PyObject* result;     ///< null: None
    PyObject* exception;  ///< null: None
    PyObject* callbacks;  ///< a list, or null
    PyObject* waiters;    ///< a list of the objects that Python code has added, or null
    PyObject* condition;  ///< null until it is first used
    State* state;
};

/// Only threads that are attached to the interpreter read and write `result` and `exception`. Detached threads may read
/// `core` and wait for it.
struct FutureObject : FutureFields {
    FutureCore core;
};

inline bool is_future(const State& state, PyObject* object) noexcept {
    return PyObject_TypeCheck(object, state.future_type) != 0;
}

/// Whether no subclass, program or instance has replaced one of its methods.
inline bool is_plain(const FutureObject& self) noexcept {
    return Py_TYPE(&self) == self.state->future_type && self.dict == nullptr &&
           self.state->future_functions.are_unchanged();
}

/// Whether `type` is Future itself, not a subclass. Detached threads may call it.
bool is_future_type(const PyTypeObject* type) noexcept;

/// A pending future of exactly our type; null with an exception set on failure.
FutureObject* make_future(State& state);

/// The methods of these names. False with an exception set on failure.
bool set_result(FutureObject& self, PyObject* result);
bool set_exception(FutureObject& self, PyObject* exception);
/// 1: it is running now. 0: it was cancelled. -1 with an exception set: it was neither, or something else failed.
int set_running_or_notify_cancel(FutureObject& self);

/// 1: it is cancelled. 0: it cannot be. -1 with an exception set.
int cancel(FutureObject& self);
/// Calls the callbacks. False if one raised a BaseException that is no Exception.
bool call_callbacks(FutureObject& self);
/// The same through the method _invoke_callbacks(), which a subclass or a program may have replaced.
bool invoke_callbacks(FutureObject& self);
bool add_done_callback(FutureObject& self, PyObject* callback);
/// Waits until no thread holds the future's condition, so that a change that is under way is complete.
bool settle(FutureObject& self);

/// Wakes the waiters in Python and runs the callbacks of a future that a detached thread has ended. False with an
/// exception set.
bool finish_in_python(FutureObject& self);
/// Makes the outcome that C++ has set the result or exception that Python sees. False with an exception set.
bool adopt_native(FutureObject& self);
/// The same if C++ has set an outcome; otherwise nothing.
inline bool adopt(FutureObject& self) { return self.core.native() == nullptr || adopt_native(self); }

/// The object for a method to return; None for null.
inline PyObject* or_none(Ref object) { return object ? object.release() : Py_NewRef(Py_None); }

/// The type's attributes: future_attributes.cpp.
PyGetSetDef* future_attributes() noexcept;

/// "PENDING" and so on.
const char* name_of(FutureCore::Status status) noexcept;

}  // namespace threadwise::python
