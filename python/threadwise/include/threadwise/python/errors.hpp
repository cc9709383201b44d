#pragma once

/// \file
/// Exceptions on their way from one language to the other.

#include <Python.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "attach.hpp"

namespace threadwise::py {

/// What Python has raised. what() is the exception's type and its text, as in "ValueError: no such thing".
class Error : public std::runtime_error {
public:
    Error(std::string type, const std::string& text)
        : std::runtime_error(type + (text.empty() ? "" : ": ") + text), type_(std::move(type)) {}

    /// The name of its type, without the module.
    const std::string& type() const noexcept { return type_; }

private:
    std::string type_;
};

namespace detail {

/// The exception that is set, with its type, as an object; it is not set any more.
inline PyObject* take_raised() {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    guarded<PyErr_NormalizeException>(&type, &value, &traceback);
    drop(type);
    drop(traceback);
    return value;
#endif
}

/// Turns the Python exception that is set into a C++ one.
[[noreturn]] inline void throw_python_error() {
    const Reference raised(take_raised());
    const Reference name(
        raised ? guarded<PyObject_GetAttrString>(reinterpret_cast<PyObject*>(Py_TYPE(raised.get())), "__name__")
               : nullptr);
    const Reference text(raised ? guarded<PyObject_Str>(raised.get()) : nullptr);
    const char* const type = name ? PyUnicode_AsUTF8(name.get()) : nullptr;
    const char* const words = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
    guarded<PyErr_Clear>();
    throw Error(type != nullptr ? type : "Exception", words != nullptr ? words : "");
}

/// The type of Python's that says the same, borrowed.
inline PyObject* type_for(const std::exception& error) {
    const auto is = [&error]<class Type>(const Type*) { return dynamic_cast<const Type*>(&error) != nullptr; };
    if (is(static_cast<std::bad_alloc*>(nullptr))) return PyExc_MemoryError;
    if (is(static_cast<std::out_of_range*>(nullptr))) return PyExc_IndexError;
    if (is(static_cast<std::overflow_error*>(nullptr))) return PyExc_OverflowError;
    if (is(static_cast<std::invalid_argument*>(nullptr)) || is(static_cast<std::domain_error*>(nullptr)) ||
        is(static_cast<std::length_error*>(nullptr)) || is(static_cast<std::range_error*>(nullptr))) {
        return PyExc_ValueError;
    }
    return PyExc_RuntimeError;
}

/// Raises in Python what a function threw.
inline void raise(const std::exception_ptr& thrown, const std::string& function) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        guarded<PyErr_Format>(type_for(error), "%s(): %s", function.c_str(), error.what());
    } catch (...) {
        guarded<PyErr_Format>(PyExc_RuntimeError, "%s(): it threw something that is no std::exception",
                              function.c_str());
    }
}

}  // namespace detail
}  // namespace threadwise::py
