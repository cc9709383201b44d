#include "base/originals.hpp"

#include "base/reference.hpp"

namespace threadwise::python {

bool Originals::remember(PyTypeObject* type) noexcept {
    type_ = type;
    functions_ = PyDict_New();
    Py_ssize_t position = 0;
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    while (functions_ != nullptr && PyDict_Next(type->tp_dict, &position, &name, &value) != 0) {
        // Texts, as __doc__ and __module__, change nothing.
        if (value == Py_None || PyUnicode_Check(value)) continue;
        if (PyDict_SetItem(functions_, name, value) < 0) return false;
    }
    return functions_ != nullptr;
}

bool Originals::compare() const noexcept {
    Py_ssize_t position = 0;
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    // Null: the module is being taken apart.
    while (functions_ != nullptr && PyDict_Next(functions_, &position, &name, &value) != 0) {
        if (PyDict_GetItemWithError(type_->tp_dict, name) != value) return false;  // the keys are plain texts
    }
    return true;
}

bool Originals::look() noexcept {
    // A class that has changed gets a number when somebody looks something up in it.
    const Ref found = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type_), "__new__"));
    if (!found) PyErr_Clear();
    const std::uint64_t now = version();
    const bool same = compare();
    seen_.store(now << 1 | static_cast<std::uint64_t>(same),
                std::memory_order_relaxed);  // relaxed: see are_unchanged()
    return same;
}

}  // namespace threadwise::python
