#include "base/describe.hpp"

#include <cstdarg>

#include "base/reference.hpp"

namespace threadwise::python {

PyObject* describe(PyObject* self, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    const Ref rest = Ref::steal(PyUnicode_FromFormatV(format, arguments));
    va_end(arguments);
    auto* const type = reinterpret_cast<PyObject*>(Py_TYPE(self));
    const Ref module = Ref::steal(PyObject_GetAttrString(type, "__module__"));
    const Ref name = Ref::steal(PyObject_GetAttrString(type, "__qualname__"));
    if (!rest || !module || !name) return nullptr;
    return PyUnicode_FromFormat("<%S.%S at %p: %U>", module.get(), name.get(), self, rest.get());
}

int warn_of_old_name(const char* old_name, const char* new_name) {
    return PyErr_WarnFormat(PyExc_DeprecationWarning, 1, "%s() is deprecated, use %s() instead", old_name, new_name);
}

int refuse_arguments(const char* class_name, PyObject* args, PyObject* keywords) {
    if (PyTuple_GET_SIZE(args) == 0 && (keywords == nullptr || PyDict_GET_SIZE(keywords) == 0)) return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes no arguments", class_name);
    return -1;
}

}  // namespace threadwise::python
