#pragma once

/// \file
/// What the module's types have in common.
///
/// Each object is a struct that begins with PyObject_HEAD and has a C++ member `core`. It also has `weak_references`,
/// and `dictionary` if Python's own class is written in Python, so that programs may hang attributes on its objects.

#include <Python.h>
// Members of types; after Python.h.
#include <structmember.h>

#include <memory>
#include <new>
#include <utility>

namespace threadwise::python {

/// False, with the exception that object.__new__() has for it, if that is an abstract class (see Python's abc).
inline bool is_concrete(PyTypeObject* type) {
    if ((type->tp_flags & Py_TPFLAGS_IS_ABSTRACT) == 0) return true;
    PyObject* const nothing = PyTuple_New(0);
    if (nothing == nullptr) return false;
    Py_XDECREF(PyBaseObject_Type.tp_new(type, nothing, nullptr));
    Py_DECREF(nothing);
    return PyErr_Occurred() == nullptr;
}

/// Makes an object and constructs its core in place; null with an exception set on failure. The core's constructor must
/// not throw.
template <class Object, class... Args>
Object* make_object(PyTypeObject* type, Args&&... args) {
    if (!is_concrete(type)) return nullptr;
    auto* const self = reinterpret_cast<Object*>(type->tp_alloc(type, 0));
    if (self != nullptr) ::new (&self->core) decltype(self->core)(std::forward<Args>(args)...);
    return self;
}

template <class Object>
Object& as(PyObject* self) noexcept {
    return *reinterpret_cast<Object*>(self);
}

/// tp_traverse: the type, the attributes, and what the core refers to, which its function `visit_references` calls a
/// function for, with each `PyObject*&`.
template <class Object>
int traverse_object(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    if constexpr (requires(Object & object) { object.dictionary; }) Py_VISIT(as<Object>(self).dictionary);
    int result = 0;
    if constexpr (requires(Object & object) { object.core.visit_references([](PyObject*&) {}); }) {
        as<Object>(self).core.visit_references([&](PyObject*& reference) {
            if (result == 0 && reference != nullptr) result = visit(reference, arg);
        });
    }
    return result;
}

/// tp_clear
template <class Object>
int clear_object(PyObject* self) {
    if constexpr (requires(Object & object) { object.dictionary; }) Py_CLEAR(as<Object>(self).dictionary);
    if constexpr (requires(Object & object) { object.core.visit_references([](PyObject*&) {}); }) {
        as<Object>(self).core.visit_references([](PyObject*& reference) { Py_CLEAR(reference); });
    }
    return 0;
}

/// tp_dealloc; `Clear` is the type's tp_clear.
template <class Object, inquiry Clear = clear_object<Object>>
void destroy_object(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    if (as<Object>(self).weak_references != nullptr) PyObject_ClearWeakRefs(self);
    Clear(self);
    std::destroy_at(&as<Object>(self).core);
    type->tp_free(self);
    Py_DECREF(type);
}

inline PyMemberDef end_of_members() noexcept { return {nullptr, 0, 0, 0, nullptr}; }

/// Where the weak references are, for tp_members.
template <class Object>
PyMemberDef weak_references_member() noexcept {
    return {"__weaklistoffset__", T_PYSSIZET, offsetof(Object, weak_references), READONLY, nullptr};
}

/// Where the attributes are, for tp_members.
template <class Object>
PyMemberDef dictionary_member() noexcept {
    return {"__dictoffset__", T_PYSSIZET, offsetof(Object, dictionary), READONLY, nullptr};
}

/// `__dict__`, for tp_getset of an object that has attributes.
inline PyGetSetDef dictionary_property() noexcept {
    return {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr};
}

/// tp_members of an object that has no more to show than weak references.
template <class Object>
inline PyMemberDef weakly_referenced[] = {weak_references_member<Object>(), end_of_members()};

/// tp_members of an object that has attributes besides.
template <class Object>
inline PyMemberDef with_attributes[] = {weak_references_member<Object>(), dictionary_member<Object>(),
                                        end_of_members()};

}  // namespace threadwise::python
