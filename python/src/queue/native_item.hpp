#pragma once

/// \file
/// The items of a queue that C++ has put: told from Python's by the lowest bit of the pointer.

#include <Python.h>

#include <cstdint>

#include "../../threadwise/include/threadwise/python/interface.hpp"

namespace threadwise::python {

using py::NativeItem;

inline bool is_native(const PyObject* item) noexcept { return (reinterpret_cast<std::uintptr_t>(item) & 1U) != 0; }

inline PyObject* as_item(NativeItem* native) noexcept {
    return reinterpret_cast<PyObject*>(reinterpret_cast<std::uintptr_t>(native) | 1U);
}

inline NativeItem* as_native(PyObject* item) noexcept {
    return reinterpret_cast<NativeItem*>(reinterpret_cast<std::uintptr_t>(item) & ~std::uintptr_t{1});
}

/// What Python gets: the item itself, or the object that it becomes; null with an exception set if that fails.
inline PyObject* to_object(PyObject* item) {
    if (!is_native(item)) [[likely]]
        return item;
    NativeItem* const native = as_native(item);
    PyObject* const object = native->to_python(native);
    native->destroy(native);
    return object;
}

/// Gives up an item.
inline void drop_item(PyObject* item) {
    if (is_native(item)) {
        as_native(item)->destroy(as_native(item));
    } else {
        Py_DECREF(item);
    }
}

}  // namespace threadwise::python
