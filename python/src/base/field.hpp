#pragma once

/// \file
/// References in objects that any thread may read and replace. The object's critical section is what Python's own
/// members (PyMemberDef) use, too; with an interpreter lock these are plain reads and writes.

#include <Python.h>

#include <utility>

#include "base/critical_section.hpp"
#include "base/reference.hpp"

namespace threadwise::python {

/// A reference of one's own to what is there now, or null.
inline Ref read_field(PyObject* owner, PyObject* const& field) {
    const CriticalSection section(owner);
    return Ref::borrow(field);
}

inline Ref read_field(void* owner, PyObject* const& field) { return read_field(static_cast<PyObject*>(owner), field); }

/// Puts `value` there. What was there is let go afterwards.
inline void replace_field(PyObject* owner, PyObject*& field, Ref value) {
    Ref old;
    const CriticalSection section(owner);
    old = Ref::steal(std::exchange(field, value.release()));
}

/// What is there; if there is nothing, what `make()` makes, a Ref. Another thread's, if that one was faster. Null with
/// an exception set if it failed.
template <class Make>
Ref read_or_make_field(PyObject* owner, PyObject*& field, Make make) {
    if (Ref there = read_field(owner, field)) return there;
    Ref made = make();
    if (!made) return made;
    const CriticalSection section(owner);
    if (field == nullptr) field = made.new_reference();
    return Ref::borrow(field);
}

/// dictionary[key], or null if there is none, or with an exception set.
inline Ref item_of(PyObject* dictionary, PyObject* key) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject* item = nullptr;
    return PyDict_GetItemRef(dictionary, key, &item) < 0 ? Ref() : Ref::steal(item);
#else
    return Ref::borrow(PyDict_GetItemWithError(dictionary, key));
#endif
}

inline Ref item_of(PyObject* dictionary, const char* key) {
    const Ref text = Ref::steal(PyUnicode_FromString(key));
    return text ? item_of(dictionary, text.get()) : Ref();
}

/// list[place], or null without an exception if it is not as long.
inline Ref item_of(PyObject* list, Py_ssize_t place) {
    const CriticalSection section(list);
    return place < PyList_GET_SIZE(list) ? Ref::borrow(PyList_GET_ITEM(list, place)) : Ref();
}

/// What the class, or the first of its bases that has it, has under that name; null without an exception.
inline Ref look_up_in_class(PyTypeObject* type, PyObject* name) {
#ifdef Py_GIL_DISABLED
    return Ref::steal(_PyType_LookupRef(type, name));
#else
    return Ref::borrow(_PyType_Lookup(type, name));
#endif
}

/// sys.NAME, or null.
inline Ref sys_attribute(const char* name) {
#ifdef Py_GIL_DISABLED
    // PySys_GetObject() lends a reference that another thread may take away meanwhile.
    const Ref sys = Ref::steal(PyImport_ImportModule("sys"));
    Ref value = Ref::steal(sys ? PyObject_GetAttrString(sys.get(), name) : nullptr);
    if (!value) PyErr_Clear();
    return value;
#else
    return Ref::borrow(PySys_GetObject(name));
#endif
}

}  // namespace threadwise::python
