// When somebody asks for the parts of a queue.

#include <algorithm>
#include <array>

#include "base/critical_section.hpp"
#include "base/reference.hpp"
#include "queue/native_item.hpp"
#include "queue/queue.hpp"

namespace threadwise::python {
namespace {

/// Of a method of the parts: put() has an item, whether to wait, and the time.
constexpr std::size_t most_arguments = 3;

const char* class_for(QueueKind kind) noexcept {
    switch (kind) {
        case QueueKind::last_in_first_out: return "LifoParts";
        case QueueKind::by_priority: return "PriorityParts";
        case QueueKind::first_in_first_out: break;
    }
    return "Parts";
}

/// Parts whose mutex is held, so that nobody uses them before they are filled.
Ref make_parts(QueueKind kind) {
    const Ref module = Ref::steal(PyImport_ImportModule("threadwise._queue_parts"));
    return Ref::steal(module ? PyObject_CallMethod(module.get(), class_for(kind), nullptr) : nullptr);
}

Ref to_list(ItemRing items) {
    Ref list = Ref::steal(PyList_New(static_cast<Py_ssize_t>(items.size())));
    if (!list) {
        drop(std::move(items));
        return list;
    }
    for (Py_ssize_t i = 0; items.size() != 0; ++i) {
        PyObject* const object = to_object(items.pop_oldest());
        if (object == nullptr) {
            drop(std::move(items));
            return {};
        }
        PyList_SET_ITEM(list.get(), i, object);
    }
    return list;
}

bool set(PyObject* object, const char* name, Ref value) {
    return value && PyObject_SetAttrString(object, name, value.get()) == 0;
}

/// Puts what the queue holds into its parts and releases their mutex. Calls nothing that is written in Python: a signal
/// would be handled there, and what its handler raises would leave this half done.
bool fill(PyObject* parts, QueueObject& self) {
    const Ref items = to_list(self.core.expose());
    const Ref container = Ref::steal(PyObject_GetAttrString(parts, "queue"));
    const Ref mutex = Ref::steal(PyObject_GetAttrString(parts, "mutex"));
    return items && container && mutex &&
           Ref::steal(PyObject_CallMethod(container.get(), "extend", "O", items.get())) &&
           set(parts, "unfinished_tasks", Ref::steal(PyLong_FromSize_t(self.core.unfinished()))) &&
           set(parts, "is_shutdown", Ref::steal(PyBool_FromLong(self.core.is_shut_down()))) &&
           Ref::steal(PyObject_CallMethod(mutex.get(), "release", nullptr));
}

}  // namespace

void drop(ItemRing items) {
    while (items.size() != 0) drop_item(items.pop_oldest());
}

PyObject* parts_of(QueueObject& self) {
    if (self.parts != nullptr) return self.parts;
    Ref parts = make_parts(self.kind);
    if (!parts) return nullptr;
    const CriticalSection section(reinterpret_cast<PyObject*>(&self));
    if (self.parts != nullptr) return self.parts;  // somebody else was faster, while Python code ran
    self.parts = parts.new_reference();
    return fill(self.parts, self) ? self.parts : nullptr;
}

PyObject* call_parts(QueueObject& self, const char* method, std::initializer_list<PyObject*> arguments) {
    PyObject* const parts = parts_of(self);
    const Ref name = Ref::steal(PyUnicode_FromString(method));
    if (parts == nullptr || !name) return nullptr;
    const Ref alive = Ref::borrow(parts);
    std::array<PyObject*, 2 + most_arguments> all = {parts, reinterpret_cast<PyObject*>(&self)};
    std::copy(arguments.begin(), arguments.end(), all.begin() + 2);
    return PyObject_VectorcallMethod(name.get(), all.data(), 2 + arguments.size(), nullptr);
}

}  // namespace threadwise::python
