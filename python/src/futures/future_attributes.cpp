// The attributes of a Future in which Python's own class keeps its state (_state, _result, _condition and so on). Some
// programs read and write them.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/field.hpp"
#include "base/object.hpp"
#include "futures/future.hpp"

namespace threadwise::python {
namespace {

using Status = FutureCore::Status;

FutureObject& future(PyObject* self) noexcept { return as<FutureObject>(self); }

PyObject* get_state(PyObject* self, void*) { return PyUnicode_InternFromString(name_of(future(self).core.status())); }

/// The status of that name; nothing for any other object, and for null.
std::optional<Status> status_named(PyObject* name) {
    if (name == nullptr || !PyUnicode_Check(name)) return std::nullopt;
    for (const Status status :
         {Status::pending, Status::running, Status::cancelled, Status::cancelled_and_notified, Status::finished}) {
        if (PyUnicode_CompareWithASCIIString(name, name_of(status)) == 0) return status;
    }
    return std::nullopt;
}

int set_state(PyObject* self, PyObject* name, void*) {
    if (const auto status = status_named(name)) {
        future(self).core.force(*status);
        return 0;
    }
    PyErr_Format(PyExc_ValueError,
                 "%R is no state of a future: it is 'PENDING', 'RUNNING', 'CANCELLED', "
                 "'CANCELLED_AND_NOTIFIED' or 'FINISHED'",
                 name != nullptr ? name : Py_None);
    return -1;
}

/// The member of the future's FutureFields that lies at `offset`, which Python passes on as a pointer.
PyObject*& field_at(PyObject* self, void* offset) {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(self) + reinterpret_cast<std::uintptr_t>(offset));
}

void* offset_of(std::size_t offset) { return reinterpret_cast<void*>(offset); }

PyObject* get_value(PyObject* self, void* offset) {
    return adopt(future(self)) ? or_none(read_field(self, field_at(self, offset))) : nullptr;
}

int set_value(PyObject* self, PyObject* value, void* offset) {
    replace_field(self, field_at(self, offset), Ref::borrow(value == Py_None ? nullptr : value));
    return 0;
}

PyObject* get_list(PyObject* self, void* offset) {
    future(self).core.be_watched();
    return read_or_make_field(self, field_at(self, offset), [] { return Ref::steal(PyList_New(0)); }).release();
}

int set_list(PyObject* self, PyObject* list, void* offset) {
    future(self).core.be_watched();
    if (list != nullptr && PyList_Check(list)) return set_value(self, list, offset);
    PyErr_SetString(PyExc_TypeError, "this attribute of a future must be a list");
    return -1;
}

PyObject* get_condition(PyObject* self, void*) {
    future(self).core.be_watched();
    Ref condition = read_or_make_field(self, future(self).condition, [] {
        const Ref threading = Ref::steal(PyImport_ImportModule("threadwise.threading"));
        return Ref::steal(threading ? PyObject_CallMethod(threading.get(), "Condition", nullptr) : nullptr);
    });
    return condition.release();
}

int set_condition(PyObject* self, PyObject* condition, void* offset) {
    future(self).core.be_watched();
    return set_value(self, condition, offset);
}

const auto result_offset = offset_of(offsetof(FutureFields, result));
const auto exception_offset = offset_of(offsetof(FutureFields, exception));
const auto callbacks_offset = offset_of(offsetof(FutureFields, callbacks));
const auto waiters_offset = offset_of(offsetof(FutureFields, waiters));
const auto condition_offset = offset_of(offsetof(FutureFields, condition));

PyGetSetDef attributes[] = {
    {"_state", get_state, set_state, "'PENDING', 'RUNNING', 'CANCELLED', 'CANCELLED_AND_NOTIFIED' or 'FINISHED'.",
     nullptr},
    {"_result", get_value, set_value, "What result() returns.", result_offset},
    {"_exception", get_value, set_value, "What exception() returns.", exception_offset},
    {"_condition", get_condition, set_condition,
     "Held by a thread that changes the state. Made on first use, as a future without it is faster.", condition_offset},
    {"_waiters", get_list, set_list,
     "Objects whose add_result(), add_exception() or add_cancelled() is called at the end.", waiters_offset},
    {"_done_callbacks", get_list, set_list, "What add_done_callback() has been given.", callbacks_offset},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {},
};

}  // namespace

PyGetSetDef* future_attributes() noexcept { return attributes; }

}  // namespace threadwise::python
