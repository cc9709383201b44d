#pragma once

/// \file
/// Ownership of Python objects.

#include <Python.h>

#include <utility>

namespace threadwise::python {

/// Owns one reference, or none. Moving it costs nothing; copying is to be asked for, by borrow(). The thread that
/// destroys or resets it must be attached to the interpreter, and may hold none of the library's locks: what dies with
/// the last reference may run any code.
class Ref {
public:
    constexpr Ref() noexcept = default;
    ~Ref() { Py_XDECREF(object_); }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref&& other) noexcept {
        Ref dies(std::move(*this));
        object_ = std::exchange(other.object_, nullptr);
        return *this;
    }

    /// Takes over a new reference, as most functions of Python's C API return it; null is allowed.
    static Ref steal(PyObject* object) noexcept { return Ref(object); }
    /// Makes a reference of its own to an object that somebody else keeps; null is allowed.
    static Ref borrow(PyObject* object) noexcept {
        Py_XINCREF(object);
        return Ref(object);
    }

    PyObject* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

    /// Gives the reference to the caller.
    [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }
    /// A second reference, for the caller.
    [[nodiscard]] PyObject* new_reference() const noexcept {
        Py_XINCREF(object_);
        return object_;
    }
    void reset() noexcept { Ref dies(std::move(*this)); }

private:
    explicit Ref(PyObject* object) noexcept : object_(object) {}

    PyObject* object_ = nullptr;
};

}  // namespace threadwise::python
