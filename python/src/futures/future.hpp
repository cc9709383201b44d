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
    FutureCore() noexcept : FutureState(1, nullptr) {}
    ~FutureCore() override {
        if (NativeItem* const value = native()) value->destroy(value);
    }

    /// Whatever it was before: then it can be ended again.
    void force(Status status) noexcept;

    /// Before a result is set: whether the caller is the first that is about to. The two worlds do not share a lock
    /// that could settle that.
    bool claim_end() noexcept {
        return (watch_.fetch_or(claimed, std::memory_order_relaxed) & claimed) == 0;  // relaxed: nothing is passed on
    }

    /// What C++ has set as the outcome, or null. It stays here for as long as the future.
    NativeItem* native() const noexcept {
        return native_.load(std::memory_order_acquire);  // acquire: the value is seen whole
    }
    bool has_failed() const noexcept { return exception() != nullptr; }

    /// From a detached thread: ends the future, whose value then is here. False: it has ended before.
    bool finish_natively(py::NativeOutcome outcome) noexcept;

    /// Python code is about to wait for the end in a way of its own: by a callback, or with the condition. Before it
    /// looks whether the future is done. From then on a detached thread that ends the future has to tell it.
    void be_watched() noexcept {
        // acq_rel: sees the end if that came first, as ends_unwatched() sees this otherwise.
        watch_.fetch_or(watched, std::memory_order_acq_rel);
    }
    bool is_watched() const noexcept {
        return (watch_.load(std::memory_order_relaxed) & watched) != 0;  // relaxed: ends_unwatched() decides
    }
    /// After the end: whether nobody has to be told.
    bool ends_unwatched() noexcept {
        return (watch_.fetch_or(ended, std::memory_order_acq_rel) & watched) == 0;  // acq_rel: see be_watched()
    }

private:
    static constexpr unsigned char watched = 1;
    static constexpr unsigned char ended = 2;
    static constexpr unsigned char claimed = 4;

    void call() override {}  // an executor's affair

    std::atomic<NativeItem*> native_{nullptr};
    std::atomic<unsigned char> watch_{0};
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

/// Whether what its methods do is certain to be what our functions do.
inline bool is_plain(const FutureObject& self) noexcept {
    return Py_TYPE(&self) == self.state->future_type && self.dict == nullptr &&
           self.state->future_functions.are_unchanged();
}

/// Whether that is the type itself, not one derived from it. For detached threads.
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
/// The same by way of _invoke_callbacks(), which a subclass or a program may have replaced.
bool invoke_callbacks(FutureObject& self);
bool add_done_callback(FutureObject& self, PyObject* callback);
/// Waits for a change that somebody is making under the future's condition.
bool settle(FutureObject& self);

/// Wakes the waiters in Python and runs the callbacks of a future that a detached thread has ended. False with an
/// exception set.
bool finish_in_python(FutureObject& self);
/// What C++ has set becomes the result, or the exception, that Python sees. False with an exception set.
bool adopt_native(FutureObject& self);
/// The same where there may be no such thing.
inline bool adopt(FutureObject& self) { return self.core.native() == nullptr || adopt_native(self); }

/// What methods return for a reference that may be null.
inline PyObject* or_none(Ref object) { return object ? object.release() : Py_NewRef(Py_None); }

/// For the type: future_attributes.cpp.
PyGetSetDef* future_attributes() noexcept;

/// "PENDING" and so on.
const char* name_of(FutureCore::Status status) noexcept;

}  // namespace threadwise::python
