#pragma once

/// \file
/// Values that cross the border: numbers, bools and text; others by a specialisation of Convert.

#include <Python.h>

#include <concepts>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "errors.hpp"
#include "interface.hpp"

namespace threadwise::py {

/// From and to Python objects, with the interpreter's lock held. `to_python(const T&)` returns a new reference, or null
/// with an exception set; `from_python(PyObject*)` returns a T, or throws: Error, by detail::throw_python_error(), for
/// an exception that is set.
template <class T>
struct Convert;

template <std::floating_point T>
struct Convert<T> {
    static PyObject* to_python(T value) { return PyFloat_FromDouble(static_cast<double>(value)); }
    static T from_python(PyObject* object) {
        const double value = detail::guarded<PyFloat_AsDouble>(object);
        if (value == -1 && PyErr_Occurred() != nullptr) detail::throw_python_error();
        return static_cast<T>(value);
    }
};

template <std::integral T>
struct Convert<T> {
    static PyObject* to_python(T value) {
        if constexpr (std::same_as<T, bool>) {
            return PyBool_FromLong(value);
        } else if constexpr (std::is_signed_v<T>) {
            return PyLong_FromLongLong(value);
        } else {
            return PyLong_FromUnsignedLongLong(value);
        }
    }
    static T from_python(PyObject* object) {
        if constexpr (std::same_as<T, bool>) {
            const int value = detail::guarded<PyObject_IsTrue>(object);
            if (value < 0) detail::throw_python_error();
            return value != 0;
        } else if constexpr (std::is_signed_v<T>) {
            return narrow(detail::guarded<PyLong_AsLongLong>(object));
        } else {
            return narrow(detail::guarded<PyLong_AsUnsignedLongLong>(object));
        }
    }

private:
    template <class Wide>
    static T narrow(Wide value) {
        if (value == static_cast<Wide>(-1) && PyErr_Occurred() != nullptr) detail::throw_python_error();
        if (!std::in_range<T>(value)) throw Error("OverflowError", "the number does not fit");
        return static_cast<T>(value);
    }
};

/// str, in UTF-8.
template <>
struct Convert<std::string> {
    static PyObject* to_python(const std::string& value) {
        return PyUnicode_FromStringAndSize(value.data(), static_cast<Py_ssize_t>(value.size()));
    }
    static std::string from_python(PyObject* object) {
        Py_ssize_t size = 0;
        const char* const data = PyUnicode_AsUTF8AndSize(object, &size);
        if (data == nullptr) detail::throw_python_error();
        return {data, static_cast<std::size_t>(size)};
    }
};

/// What a function without a result returns: None.
struct Nothing {};

template <>
struct Convert<Nothing> {
    static PyObject* to_python(Nothing) { return Py_NewRef(Py_None); }
    static Nothing from_python(PyObject*) { return {}; }
};

namespace detail {

template <class T>
struct Native : NativeItem {
    explicit Native(T given) : NativeItem{&identity, to_python_object, destroy_item}, value(std::move(given)) {}

    static PyObject* to_python_object(NativeItem* item) {
        return Convert<T>::to_python(static_cast<Native*>(item)->value);
    }
    static void destroy_item(NativeItem* item) noexcept { delete static_cast<Native*>(item); }

    static inline const char identity = 0;
    T value;
};

/// What a function threw: as it is for C++, an exception for Python.
struct NativeError : NativeItem {
    /// `given` is null where std::current_exception() was, for something that is no C++ exception.
    NativeError(std::exception_ptr given, std::string in)
        : NativeItem{&identity, to_python_object, destroy_item},
          thrown(given != nullptr
                     ? std::move(given)
                     : std::make_exception_ptr(std::runtime_error("it threw something that is no C++ exception"))),
          function(std::move(in)) {}

    static PyObject* to_python_object(NativeItem* item) {
        const auto& self = *static_cast<NativeError*>(item);
        raise(self.thrown, self.function);
        return take_raised();
    }
    static void destroy_item(NativeItem* item) noexcept { delete static_cast<NativeError*>(item); }

    static inline const char identity = 0;
    std::exception_ptr thrown;
    std::string function;
};

}  // namespace detail
}  // namespace threadwise::py
