#pragma once

/// \file
/// What the module's types have in common.

#include <Python.h>
// Members of types; after Python.h.
#include <structmember.h>

#include <new>
#include <utility>

namespace threadwise::python {

/// The C++ part of a Python object: `struct LockObject { PyObject_HEAD ... }` with a C++ member `core`. Makes the
/// object and constructs the part in place; null with an exception set on failure.
template <class Object, class... Args>
Object* make_object(PyTypeObject* type, Args&&... args) {
    auto* const self = reinterpret_cast<Object*>(type->tp_alloc(type, 0));
    if (self != nullptr) new (&self->core) decltype(self->core)(std::forward<Args>(args)...);
    return self;
}

template <class Object>
Object& as(PyObject* self) noexcept {
    return *reinterpret_cast<Object*>(self);
}

/// tp_traverse of an object that refers to nothing but its type.
inline int traverse_type(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return 0;
}

/// tp_dealloc: `Object` has a weak reference list `weak_references` and a C++ part `core`; its type's tp_clear, if
/// there is one, drops what it refers to.
template <class Object>
void destroy_object(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    if (as<Object>(self).weak_references != nullptr) PyObject_ClearWeakRefs(self);
    if (type->tp_clear != nullptr) type->tp_clear(self);
    std::destroy_at(&as<Object>(self).core);
    type->tp_free(self);
    Py_DECREF(type);
}

/// tp_members of an object that has nothing to show but its weak references.
template <class Object>
inline PyMemberDef only_weak_references[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Object, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace threadwise::python
