#pragma once

/// \file
/// From Python's arguments to values, by Python's rules and with Python's error messages. All of these return false
/// with an exception set when they refuse.

#include <Python.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "threadwise/timeout.hpp"

namespace threadwise::python {

/// Puts a vectorcall's positional arguments and those given by keyword into their places; a place stays null where
/// nothing was given. The references are borrowed. `function` is for the messages. `required` arguments must be there.
bool parse_arguments(const char* function, std::span<const char* const> names, std::span<PyObject*> places,
                     PyObject* const* args, Py_ssize_t count, PyObject* keyword_names, std::size_t required = 0);

/// The same, with an array of places made for it: `Arguments<2> given("acquire", {"blocking", "timeout"})`, then
/// `given.parse(...)`, then `given[0]`.
template <std::size_t Count>
class Arguments {
public:
    Arguments(const char* function, const std::array<const char*, Count>& names, std::size_t required = 0)
        : function_(function), names_(names), required_(required) {}

    bool parse(PyObject* const* args, Py_ssize_t count, PyObject* keyword_names) {
        const auto given = static_cast<std::size_t>(count);
        if (keyword_names == nullptr && required_ <= given && given <= Count) {  // the common case, without a call
            std::copy_n(args, given, places_.begin());
            return true;
        }
        return parse_arguments(function_, names_, places_, args, count, keyword_names, required_);
    }
    /// The argument, borrowed; null if it was not given.
    PyObject* operator[](std::size_t i) const { return places_[i]; }

private:
    const char* function_;
    std::array<const char*, Count> names_;
    std::size_t required_;
    std::array<PyObject*, Count> places_{};
};

/// A number of seconds, int, float or what converts to one, maybe negative; rounded up to the nanosecond. ValueError
/// for a NaN, OverflowError beyond 292 years, TypeError for what is no number.
bool to_duration(PyObject* seconds, Timeout& duration);

/// `timeout=None` of most waits: null and None are forever, a negative number is zero.
bool to_timeout(PyObject* seconds_or_none, Timeout& timeout);

/// How a lock is to be acquired.
struct Acquisition {
    bool blocking = true;
    Timeout timeout = forever;
};

/// `acquire(blocking=True, timeout=-1)` of locks: ValueError for a timeout of a non-blocking call, and for a negative
/// one other than -1.
bool parse_acquire(Acquisition& how, PyObject* const* args, Py_ssize_t count, PyObject* keyword_names);

}  // namespace threadwise::python
