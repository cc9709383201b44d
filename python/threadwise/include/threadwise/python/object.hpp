#pragma once

/// \file
/// A Python object that C++ keeps.

#include <Python.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "attach.hpp"
#include "errors.hpp"
#include "interface.hpp"

namespace threadwise::py {

namespace detail {

/// The interface of the module that is installed, which is imported if need be.
inline const Interface& interface() {
    if (const Interface* const found = installed.load(std::memory_order_acquire)) return *found;  // acquire: see below
    // Several threads may come here at the same time: none may keep the others waiting while it waits for Python.
    const Attached attached;
    const Reference module(guarded<PyImport_ImportModule>("threadwise._threadwise"));
    const void* const pointer = module ? guarded<PyCapsule_Import>(Interface::capsule_name, 0) : nullptr;
    if (pointer == nullptr) throw_python_error();
    const Interface& found = check(*static_cast<const Interface*>(pointer));
    installed.store(&found, std::memory_order_release);  // release: the module is complete for those that read it
    return found;
}

}  // namespace detail

/// A reference to an object of a certain kind, which may be moved and destroyed with or without the interpreter's lock.
/// (To destroy it takes the lock, unless the interpreter has come to its end.)
class Object {
public:
    /// Throws std::invalid_argument if that is no object of the kind. With the interpreter's lock held.
    Object(PyObject* object, char kind, const char* name) : object_(object) {
        if (detail::interface().kind(object) != kind) {
            throw std::invalid_argument(std::string("not a ") + name + " of threadwise's: a '" +
                                        Py_TYPE(object)->tp_name + "'");
        }
        Py_INCREF(object);
    }
    Object(Object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Object& operator=(Object other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Object() {
        if (object_ == nullptr) return;
        if (!detail::is_attached() && Py_IsInitialized() == 0) return;
        const detail::Attached attached;
        detail::drop(object_);
    }

    /// For Python; borrowed.
    PyObject* get() const noexcept { return object_; }

private:
    PyObject* object_;
};

namespace detail {

/// Makes a handle for `module.name(*arguments)`, which are as Py_BuildValue takes them. Takes the interpreter's lock.
template <class Handle, class... Arguments>
Handle make(const char* module_name, const char* name, const char* format, Arguments... arguments) {
    const Attached attached;
    const Reference module(guarded<PyImport_ImportModule>(module_name));
    if (!module) throw_python_error();
    const Reference object(guarded<PyObject_CallMethod>(module.get(), name, format, arguments...));
    if (!object) throw_python_error();
    return Handle(object.get());
}

/// What an object's method returns. With the interpreter's lock held; throws what it raises.
template <class... Arguments>
PyObject* call(const Object& object, const char* method, const char* format, Arguments... arguments) {
    PyObject* const result = guarded<PyObject_CallMethod>(object.get(), method, format, arguments...);
    if (result == nullptr) throw_python_error();
    return result;
}

}  // namespace detail

/// A handle is itself a value that crosses the border.
template <class Handle>
concept IsHandle = requires(const Handle& handle, PyObject* object) {
    Handle(object);
    { handle.object() }
    noexcept;
};

template <class T>
struct Convert;

template <IsHandle Handle>
struct Convert<Handle> {
    static PyObject* to_python(const Handle& handle) { return Py_NewRef(handle.object()); }
    static Handle from_python(PyObject* object) { return Handle(object); }
};

}  // namespace threadwise::py
