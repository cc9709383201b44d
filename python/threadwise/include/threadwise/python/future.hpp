#pragma once

/// \file
/// threadwise.concurrent.futures.Future in C++.

#include <Python.h>

#include <exception>
#include <memory>
#include <utility>

#include "convert.hpp"
#include "forever.hpp"
#include "object.hpp"

namespace threadwise::py {

/// A Future whose result is of type T: see Queue. What C++ sets and C++ asks for never meets the interpreter; its lock
/// is held while a value is converted, and while callbacks run that Python has added.
template <class T>
class Future {
public:
    /// One that was made in Python, by a pool for instance. Throws std::invalid_argument if it is none. With the
    /// interpreter's lock held.
    explicit Future(PyObject* future) : object_(future, 'f', "Future") {}
    /// A new one, to be given to Python and set from here. Takes the interpreter's lock.
    static Future make() { return detail::make<Future>("threadwise.concurrent.futures", "Future", nullptr); }

    /// The future for Python; borrowed.
    PyObject* object() const noexcept { return object_.get(); }

    /// Whether there is a result, or an exception, or it was cancelled.
    bool done() const { return detail::interface().future_done(object()); }

    /// False: it is not done within that time.
    bool wait(double seconds = forever) const {
        const detail::Detached detached;
        return detail::interface().future_wait(object(), seconds) == Interface::done;
    }

    /// Waits. Throws what C++ threw, and as an Error what Python raised; that is of type "TimeoutError" if the future
    /// is not done within the time, and "CancelledError" if it was cancelled.
    T result(double seconds = forever) const {
        if (!wait(seconds)) throw Error("TimeoutError", "the future was not done within the time");
        NativeOutcome outcome{};
        if (detail::interface().future_get(object(), &outcome) == Interface::done) {
            if (outcome.failed && outcome.value->type == &detail::NativeError::identity) {
                std::rethrow_exception(static_cast<detail::NativeError*>(outcome.value)->thrown);
            }
            if (!outcome.failed && outcome.value->type == &detail::Native<T>::identity) {
                return static_cast<detail::Native<T>*>(outcome.value)->value;
            }
        }
        const detail::Attached attached;
        const detail::Reference got(detail::call(object_, "result", nullptr));
        return detail::or_stay([&] { return Convert<T>::from_python(got.get()); });
    }

    /// Throws Error if the future is done.
    void set_result(T value) {
        auto item = std::make_unique<detail::Native<T>>(std::move(value));
        if (set({item.get(), false})) {
            static_cast<void>(item.release());
        } else {
            refuse("set_result");
        }
    }

    /// The same with an exception, as in `catch (...) { future.set_exception(std::current_exception()); }`.
    void set_exception(std::exception_ptr thrown) {
        auto item = std::make_unique<detail::NativeError>(std::move(thrown), "set_exception");
        if (set({item.get(), true})) {
            static_cast<void>(item.release());
        } else {
            refuse("set_exception");
        }
    }

private:
    bool set(NativeOutcome outcome) {
        const detail::Detached detached;
        return detail::interface().future_set(object(), outcome) == Interface::done;
    }

    /// In Python's words.
    void refuse(const char* method) {
        const detail::Attached attached;
        detail::Reference(detail::call(object_, method, "O", Py_None));
    }

    Object object_;
};

}  // namespace threadwise::py
