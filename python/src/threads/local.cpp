// threading.local.

#include <memory>
#include <new>
#include <utility>

#include "base/critical_section.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "module/state.hpp"
#include "threads/local_values.hpp"

namespace threadwise::python {
namespace {

struct LocalCore {
    std::shared_ptr<LocalValues> values;  ///< null at first, and once the collector has broken a cycle
    PyObject* args = nullptr;             ///< for __init__() in each thread
    PyObject* keywords = nullptr;
};

struct LocalObject {
    PyObject_HEAD PyObject* weak_references;
    LocalCore core;
};

LocalCore& core(PyObject* self) noexcept { return as<LocalObject>(self).core; }

bool has_initializer(PyTypeObject* type) noexcept { return type->tp_init != PyBaseObject_Type.tp_init; }

/// A new dictionary for the calling thread.
PyObject* add_values(PyObject* self) {
    try {
        const CriticalSection hold(self);
        if (!core(self).values) core(self).values = std::make_shared<LocalValues>();
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    return core(self).values->add();
}

/// The thread sees the object for the first time: __init__() runs for it, with the arguments that it was made with.
PyObject* begin_in_this_thread(PyObject* self) {
    PyObject* const values = add_values(self);
    if (values == nullptr || !has_initializer(Py_TYPE(self))) return values;
    if (Py_TYPE(self)->tp_init(self, core(self).args, core(self).keywords) == 0) return values;
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    core(self).values->remove().reset();
    PyErr_Restore(type, value, traceback);
    return nullptr;
}

/// The calling thread's dictionary, borrowed; null with an exception set.
PyObject* values_of(PyObject* self) {
    const std::shared_ptr<LocalValues>& values = core(self).values;
    PyObject* const found = values ? values->find() : nullptr;
    return found != nullptr ? found : begin_in_this_thread(self);
}

PyObject* make(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    const bool none = PyTuple_GET_SIZE(args) == 0 && (keywords == nullptr || PyDict_GET_SIZE(keywords) == 0);
    if (!none && !has_initializer(type)) {
        PyErr_SetString(PyExc_TypeError, "Initialization arguments are not supported");
        return nullptr;
    }
    Ref self = Ref::steal(reinterpret_cast<PyObject*>(make_object<LocalObject>(type)));
    if (!self) return nullptr;
    core(self.get()).args = Py_NewRef(args);
    core(self.get()).keywords = Py_XNewRef(keywords);
    // In this thread, the caller is about to call __init__() itself.
    return add_values(self.get()) == nullptr ? nullptr : self.release();
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(core(self).args);
    Py_VISIT(core(self).keywords);
    const LocalValues* const values = core(self).values.get();
    return values == nullptr ? 0 : values->visit([&](PyObject* dictionary) { return visit(dictionary, arg); });
}

int clear(PyObject* self) {
    Py_CLEAR(core(self).args);
    Py_CLEAR(core(self).keywords);
    if (const std::shared_ptr<LocalValues> values = std::move(core(self).values)) values->clear();
    return 0;
}

bool is_data_descriptor(const Ref& object) noexcept { return object && Py_TYPE(object.get())->tp_descr_set != nullptr; }

bool is_dictionary_name(PyObject* name) noexcept {
    return PyUnicode_Check(name) && PyUnicode_GET_LENGTH(name) == 8 &&
           PyUnicode_CompareWithASCIIString(name, "__dict__") == 0;
}

/// From the dictionary, a new reference; null with or without an exception.
PyObject* get_item(PyObject* values, PyObject* name) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject* found = nullptr;
    PyDict_GetItemRef(values, name, &found);
    return found;
#else
    return Py_XNewRef(PyDict_GetItemWithError(values, name));
#endif
}

/// As for any object, but with the calling thread's dictionary: what the class defines with a setter goes first, then
/// the values, then what else the class has.
PyObject* get_attribute(PyObject* self, PyObject* name) {
    PyObject* const values = values_of(self);
    if (values == nullptr) return nullptr;
    if (is_dictionary_name(name)) return Py_NewRef(values);
    if (PyUnicode_Check(name) && !is_data_descriptor(look_up_in_class(Py_TYPE(self), name))) {
        PyObject* const found = get_item(values, name);
        if (found != nullptr || PyErr_Occurred() != nullptr) return found;
    }
    return PyObject_GenericGetAttr(self, name);
}

/// What sets an attribute may have a name that only says that it is the same as `__dict__`. -1 with an exception set.
int says_dictionary(PyObject* name) {
    if (PyUnicode_Check(name)) return is_dictionary_name(name) ? 1 : 0;
    const Ref text = Ref::steal(PyUnicode_FromString("__dict__"));
    return text ? PyObject_RichCompareBool(name, text.get(), Py_EQ) : -1;
}

/// `value` null: deletes it.
int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
    PyObject* const values = values_of(self);
    if (values == nullptr) return -1;
    if (const int dictionary = says_dictionary(name); dictionary != 0) {
        if (dictionary > 0) {
            PyErr_Format(PyExc_AttributeError, "'%.100s' object attribute '%S' is read-only", Py_TYPE(self)->tp_name,
                         name);
        }
        return -1;
    }
    if (!PyUnicode_Check(name) || is_data_descriptor(look_up_in_class(Py_TYPE(self), name))) {
        return PyObject_GenericSetAttr(self, name, value);
    }
    if (value != nullptr) return PyDict_SetItem(values, name, value);
    if (PyDict_DelItem(values, name) == 0) return 0;
    if (PyErr_ExceptionMatches(PyExc_KeyError) != 0) PyErr_SetObject(PyExc_AttributeError, name);
    return -1;
}

constexpr const char* local_doc =
    "_local()\n--\n\n"
    "An object whose attributes each thread has for itself. In a class derived from it, __init__() runs once in each\n"
    "thread that uses the object, with the arguments that the object was made with.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, local_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy_object<LocalObject, clear>),
    slot(Py_tp_traverse, traverse),
    slot(Py_tp_clear, clear),
    slot(Py_tp_getattro, get_attribute),
    slot(Py_tp_setattro, set_attribute),
    slot(Py_tp_members, weakly_referenced<LocalObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "_thread._local",
    .basicsize = sizeof(LocalObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

}  // namespace

int add_local(PyObject* module) { return add_type(module, spec, state_of_module(module).local_type); }

}  // namespace threadwise::python
