#include "locks/event.hpp"

#include "base/arguments.hpp"
#include "base/describe.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "locks/lock.hpp"
#include "module/state.hpp"

namespace threadwise::python {
namespace {

Event& core(PyObject* self) noexcept { return as<EventObject>(self).core.event; }

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    return reinterpret_cast<PyObject*>(make_object<EventObject>(type));
}

int initialize(PyObject*, PyObject* args, PyObject* keywords) { return refuse_arguments("Event", args, keywords); }

PyObject* is_set(PyObject* self, PyObject*) { return PyBool_FromLong(core(self).is_set()); }

PyObject* old_is_set(PyObject* self, PyObject*) {
    if (warn_of_old_name("isSet", "is_set") < 0) return nullptr;
    return PyObject_CallMethod(self, "is_set", nullptr);
}

PyObject* set(PyObject* self, PyObject*) {
    core(self).set();
    Py_RETURN_NONE;
}

PyObject* clear(PyObject* self, PyObject*) {
    core(self).clear();
    Py_RETURN_NONE;
}

PyObject* wait(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("wait", {"timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    Event& event = core(self);
    if (event.is_set()) Py_RETURN_TRUE;
    Timeout timeout;
    if (!to_timeout(given[0], timeout)) return nullptr;
    return to_python(wait_detached(
        timeout, [&event, before = event.pulses()](Timeout left) { return event.wait_after(before, left); }));
}

PyObject* at_fork_reinit(PyObject* self, PyObject*) {
    const bool was_set = core(self).is_set();
    new (&core(self)) Event;
    if (was_set) core(self).set();
    PyObject* const condition = as<EventObject>(self).core.condition;
    if (condition == nullptr) Py_RETURN_NONE;
    return PyObject_CallMethod(condition, "_at_fork_reinit", nullptr);
}

/// As Python's own event has one, over a Lock.
PyObject* get_condition(PyObject* self, void*) {
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return nullptr;
    Ref condition = read_or_make_field(self, as<EventObject>(self).core.condition, [state] {
        auto* const type = reinterpret_cast<PyObject*>(state->condition_type);
        const Ref lock = make_lock(*state);
        return Ref::steal(lock ? PyObject_CallOneArg(type, lock.get()) : nullptr);
    });
    return condition.release();
}

PyObject* get_flag(PyObject* self, void*) { return PyBool_FromLong(core(self).is_set()); }

int set_flag(PyObject* self, PyObject* value, void*) {
    const int flag = value == nullptr ? 0 : PyObject_IsTrue(value);
    if (flag < 0) return -1;
    flag != 0 ? core(self).set() : core(self).clear();
    return 0;
}

PyObject* represent(PyObject* self) { return describe(self, "%s", core(self).is_set() ? "set" : "unset"); }

PyMethodDef methods[] = {
    method("is_set", is_set, "is_set($self, /)\n--\n\nWhether the event is set."),
    method("isSet", old_is_set, "isSet($self, /)\n--\n\nOld name of is_set()."),
    method("set", set,
           "set($self, /)\n--\n\nSet the event: all threads that wait for it go on, as do those that come later."),
    method("clear", clear, "clear($self, /)\n--\n\nClear the event: from now on wait() waits again."),
    method("wait", wait,
           "wait($self, /, timeout=None)\n--\n\n"
           "Wait until the event is set, at most timeout seconds. Returns whether it was set in time."),
    method("_at_fork_reinit", at_fork_reinit,
           "_at_fork_reinit($self, /)\n--\n\nIn a forked child: forget the threads that waited."),
    {},
};

PyGetSetDef properties[] = {
    {"_cond", get_condition, nullptr, nullptr, nullptr},
    {"_flag", get_flag, set_flag, nullptr, nullptr},
    dictionary_property(),
    {},
};

constexpr const char* event_doc = "Event()\n--\n\nA flag that threads wait for. It is clear at first.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, event_doc),
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialize),
    slot(Py_tp_dealloc, destroy_object<EventObject>),
    slot(Py_tp_traverse, traverse_object<EventObject>),
    slot(Py_tp_clear, clear_object<EventObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, properties),
    slot(Py_tp_members, with_attributes<EventObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threading.Event",
    .basicsize = sizeof(EventObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

}  // namespace

int add_event(PyObject* module) { return add_python_type(module, spec, state_of_module(module).event_type); }

}  // namespace threadwise::python
