#pragma once

/// \file
/// Entries of method tables: Python keeps functions of several types under one, and says by flags which it is.

#include <Python.h>

#include <type_traits>

namespace threadwise::python {

using NoArguments = PyObject* (*)(PyObject* self, PyObject* unused);
using Fast = PyObject* (*)(PyObject* self, PyObject* const* args, Py_ssize_t count);
using FastKeywords = PyObject* (*)(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names);
using Keywords = PyObject* (*)(PyObject* self, PyObject* args, PyObject* keywords);

template <class Function>
PyCFunction as_c_function(Function* function) noexcept {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

inline PyMethodDef method(const char* name, PyObject* (*function)(PyObject*, PyObject*), int flags, const char* doc) {
    return {name, function, flags, doc};
}
inline PyMethodDef method(const char* name, NoArguments function, const char* doc) {
    return {name, function, METH_NOARGS, doc};
}
inline PyMethodDef method(const char* name, PyObject* (*function)(PyObject*, PyObject* const*, Py_ssize_t),
                          const char* doc) {
    return {name, as_c_function(function), METH_FASTCALL, doc};
}
inline PyMethodDef method(const char* name, PyObject* (*function)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*),
                          const char* doc) {
    return {name, as_c_function(function), METH_FASTCALL | METH_KEYWORDS, doc};
}
inline PyMethodDef keywords_method(const char* name, Keywords function, const char* doc) {
    return {name, as_c_function(function), METH_VARARGS | METH_KEYWORDS, doc};
}

/// A slot of a type: any function or text.
template <class Function>
PyType_Slot slot(int id, Function* what) noexcept {
    if constexpr (std::is_function_v<Function>) {
        return {id, reinterpret_cast<void*>(what)};
    } else {
        return {id, const_cast<void*>(static_cast<const void*>(what))};
    }
}

}  // namespace threadwise::python
