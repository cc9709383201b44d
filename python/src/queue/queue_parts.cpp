// When somebody asks for the parts of a queue.

#include <vector>

#include "base/critical_section.hpp"
#include "base/reference.hpp"
#include "queue/native_item.hpp"
#include "queue/queue.hpp"

namespace threadwise::python {
namespace {

const char* class_for(QueueKind kind) noexcept {
    switch (kind) {
        case QueueKind::last_in_first_out: return "LifoParts";
        case QueueKind::by_priority: return "PriorityParts";
        case QueueKind::first_in_first_out: break;
    }
    return "Parts";
}

/// Parts whose mutex is held, so that nobody uses them before begin().
Ref make_parts(QueueKind kind) {
    const Ref module = Ref::steal(PyImport_ImportModule("threadwise._queue_parts"));
    return Ref::steal(module ? PyObject_CallMethod(module.get(), class_for(kind), nullptr) : nullptr);
}

ItemRing hand_over(QueueObject& self) {
    if (self.kind != QueueKind::by_priority) return self.core.hand_over();
    const OrderHold hold(self);
    return self.core.hand_over();
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
    const Ref items = to_list(hand_over(self));
    if (!items) return nullptr;
    const Ref begun = Ref::steal(PyObject_CallMethod(self.parts, "begin", "OnO", items.get(),
                                                     static_cast<Py_ssize_t>(self.core.unfinished()),
                                                     self.core.is_shut_down() ? Py_True : Py_False));
    return begun ? self.parts : nullptr;
}

PyObject* call_parts(QueueObject& self, const char* method, std::initializer_list<PyObject*> arguments) {
    PyObject* const parts = parts_of(self);
    const Ref name = Ref::steal(PyUnicode_FromString(method));
    if (parts == nullptr || !name) return nullptr;
    const Ref alive = Ref::borrow(parts);
    std::vector<PyObject*> all = {parts, reinterpret_cast<PyObject*>(&self)};
    all.insert(all.end(), arguments);
    return PyObject_VectorcallMethod(name.get(), all.data(), all.size(), nullptr);
}

}  // namespace threadwise::python
