// threading.Thread: what can be asked of one, and the type.

#include "threads/thread.hpp"

#include <utility>

#include "base/arguments.hpp"
#include "base/describe.hpp"
#include "base/field.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "locks/event.hpp"
#include "module/function.hpp"
#include "threads/thread_methods.hpp"
#include "threads/thread_start.hpp"
#include "threads/threads.hpp"

namespace threadwise::python {
namespace {

PyObject* join(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("join", {"timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    const ThreadRef thread = initialized_core(self);
    if (!thread) return nullptr;
    if (!started_event(thread).is_set()) {
        PyErr_SetString(PyExc_RuntimeError, "cannot join thread before it is started");
        return nullptr;
    }
    if (thread->life->is_current()) {
        PyErr_SetString(PyExc_RuntimeError, "cannot join current thread");
        return nullptr;
    }
    return join_thread(thread->life, given[0]);
}

bool is_alive(const ThreadRef& thread) { return started_event(thread).is_set() && !thread->life->done.is_set(); }

PyObject* is_alive_method(PyObject* self, PyObject*) {
    const ThreadRef thread = core_to_look_at(self);
    return thread ? PyBool_FromLong(is_alive(thread)) : nullptr;
}

PyObject* get_name(PyObject* self, void*) {
    const ThreadRef thread = core_to_look_at(self);
    return thread ? read_field(thread.object(), thread->name).release() : nullptr;
}

int set_name(PyObject* self, PyObject* name, void*) {
    const ThreadRef thread = core_to_look_at(self);
    if (!thread) return -1;
    Ref text = name == nullptr ? Ref() : Ref::steal(PyObject_Str(name));
    if (!text) return refuse(PyExc_AttributeError, "a thread cannot be without a name") ? 0 : -1;
    replace_field(thread.object(), thread->name, std::move(text));
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (thread->life->is_current() && is_attached(*state)) tell_system_of_name(*state, thread);
    return 0;
}

PyObject* number_or_none(unsigned long number) {
    if (number == 0) Py_RETURN_NONE;
    return PyLong_FromUnsignedLong(number);
}

PyObject* get_ident(PyObject* self, void*) {
    const ThreadRef thread = core_to_look_at(self);
    return thread ? number_or_none(thread->life->ident.load()) : nullptr;
}

/// Waits for the moment that a thread needs to begin.
PyObject* get_native_id(PyObject* self, void*) {
    const ThreadRef thread = core_to_look_at(self);
    if (!thread) return nullptr;
    const std::shared_ptr<ThreadLife> life = thread->life;
    if (life->state.load() == ThreadLife::State::starting && !life->known.is_set() &&
        wait_detached(forever, [&life](Timeout left) { return life->known.wait(left); }) == Waited::failed) {
        return nullptr;
    }
    return number_or_none(life->native_id.load());
}

PyObject* get_daemon(PyObject* self, void*) {
    const ThreadRef thread = core_to_look_at(self);
    return thread ? PyBool_FromLong(thread->daemonic) : nullptr;
}

int set_daemon(PyObject* self, PyObject* value, void*) {
    const ThreadRef thread = initialized_core(self);
    if (!thread) return -1;
    const int daemon = value == nullptr ? 0 : PyObject_IsTrue(value);
    if (daemon < 0) return -1;
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (started_event(thread).is_set())
        return refuse(PyExc_RuntimeError, "cannot set daemon status of active thread") ? 0 : -1;
    if (daemon != 0 && !may_be_daemon(*state)) return -1;
    thread->daemonic = daemon != 0 ? 1 : 0;
    return 0;
}

PyObject* represent(PyObject* self) {
    const ThreadRef thread = core_to_look_at(self, "Thread.__init__() was not called");
    if (!thread) return nullptr;
    const Ref name = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(self)), "__name__"));
    if (!name) return nullptr;
    const char* const status = !started_event(thread).is_set() ? "initial" : is_alive(thread) ? "started" : "stopped";
    const char* const daemon = thread->daemonic ? " daemon" : "";
    const unsigned long ident = thread->life->ident.load();
    const Ref own_name = read_field(thread.object(), thread->name);
    if (ident == 0) return PyUnicode_FromFormat("<%S(%S, %s%s)>", name.get(), own_name.get(), status, daemon);
    return PyUnicode_FromFormat("<%S(%S, %s%s %lu)>", name.get(), own_name.get(), status, daemon, ident);
}

/// In a forked child, where the kernel knows the calling thread by another number.
PyObject* set_native_id(PyObject* self, PyObject*) {
    const ThreadRef thread = initialized_core(self);
    if (!thread) return nullptr;
    thread->life->native_id.store(PyThread_get_thread_native_id());
    Py_RETURN_NONE;
}

// Names from before PEP 8.

PyObject* warn_and_get(PyObject* self, const char* old, const char* attribute) {
    if (PyErr_WarnFormat(PyExc_DeprecationWarning, 1, "%s() is deprecated, get the %s attribute instead", old,
                         attribute) < 0) {
        return nullptr;
    }
    return PyObject_GetAttrString(self, attribute);
}

PyObject* warn_and_set(PyObject* self, const char* old, const char* attribute, PyObject* value) {
    if (PyErr_WarnFormat(PyExc_DeprecationWarning, 1, "%s() is deprecated, set the %s attribute instead", old,
                         attribute) < 0) {
        return nullptr;
    }
    if (PyObject_SetAttrString(self, attribute, value) < 0) return nullptr;
    Py_RETURN_NONE;
}

PyObject* old_is_daemon(PyObject* self, PyObject*) { return warn_and_get(self, "isDaemon", "daemon"); }
PyObject* old_set_daemon(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("setDaemon", {"daemonic"}, 1);
    return given.parse(args, count, names) ? warn_and_set(self, "setDaemon", "daemon", given[0]) : nullptr;
}
PyObject* old_get_name(PyObject* self, PyObject*) { return warn_and_get(self, "getName", "name"); }
PyObject* old_set_name(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("setName", {"name"}, 1);
    return given.parse(args, count, names) ? warn_and_set(self, "setName", "name", given[0]) : nullptr;
}

PyMethodDef methods[] = {
    method("start", start_thread_object,
           "start($self, /)\n--\n\n"
           "Run the thread. RuntimeError if it was started before, or if there is no thread to be had."),
    method("run", run_thread_object, "run($self, /)\n--\n\nWhat the thread does: calls the target with its arguments."),
    method("join", join,
           "join($self, /, timeout=None)\n--\n\n"
           "Wait until the thread has ended, at most timeout seconds; is_alive() says whether it has."),
    method("is_alive", is_alive_method, "is_alive($self, /)\n--\n\nWhether the thread was started and has not ended."),
    method("isDaemon", old_is_daemon, "isDaemon($self, /)\n--\n\nOld way to get daemon."),
    method("setDaemon", old_set_daemon, "setDaemon($self, /, daemonic)\n--\n\nOld way to set daemon."),
    method("getName", old_get_name, "getName($self, /)\n--\n\nOld way to get name."),
    method("setName", old_set_name, "setName($self, /, name)\n--\n\nOld way to set name."),
    method("_bootstrap", bootstrap_thread, "_bootstrap($self, /)\n--\n\nWhat the new thread calls."),
    method("_bootstrap_inner", bootstrap_thread_inner,
           "_bootstrap_inner($self, /)\n--\n\nRuns run(), between the thread's entry among the living and its end."),
    method("_adopt", adopt_thread, METH_VARARGS,
           "_adopt($self, [ident, native_id], /)\n--\n\nMakes this object stand for the calling thread, or that one."),
    method("_set_native_id", set_native_id,
           "_set_native_id($self, /)\n--\n\nTakes the kernel's number of the calling thread."),
    {},
};

// Private attributes that programs read, and some write.

struct Attribute {
    const char* name;
    PyObject* ThreadCore::*field;
    bool none_without;  ///< else there is no such attribute while the field is empty
};

constexpr Attribute attributes[] = {
    {"_target", &ThreadCore::target, false},   {"_args", &ThreadCore::args, false},
    {"_kwargs", &ThreadCore::kwargs, false},   {"_name", &ThreadCore::name, false},
    {"_started", &ThreadCore::started, false}, {"_handle", &ThreadCore::handle, false},
    {"_context", &ThreadCore::context, true},  {"_stderr", &ThreadCore::stderr_file, true},
};

PyObject* get_attribute(PyObject* self, void* which) {
    const auto& attribute = *static_cast<const Attribute*>(which);
    const ThreadRef thread = ThreadRef::find(self);
    Ref value = thread ? read_field(thread.object(), (*thread).*attribute.field) : Ref();
    if (!value && attribute.none_without) return Py_NewRef(Py_None);
    if (!value) PyErr_SetString(PyExc_AttributeError, attribute.name);
    return value.release();
}

int set_attribute(PyObject* self, PyObject* value, void* which) {
    const ThreadRef thread = ThreadRef::find_or_make(self);
    if (!thread) return -1;
    replace_field(thread.object(), (*thread).*static_cast<const Attribute*>(which)->field, Ref::borrow(value));
    return 0;
}

PyObject* get_flag(PyObject* self, char ThreadCore::*flag) {
    const ThreadRef thread = ThreadRef::find(self);
    return PyBool_FromLong(thread && (*thread).*flag != 0);
}

int set_flag(PyObject* self, PyObject* value, char ThreadCore::*flag) {
    const int is_set = value == nullptr ? 0 : PyObject_IsTrue(value);
    const ThreadRef thread = is_set < 0 ? ThreadRef() : ThreadRef::find_or_make(self);
    if (!thread) return -1;
    (*thread).*flag = is_set != 0 ? 1 : 0;
    return 0;
}

PyObject* get_daemonic(PyObject* self, void*) { return get_flag(self, &ThreadCore::daemonic); }
int set_daemonic(PyObject* self, PyObject* value, void*) { return set_flag(self, value, &ThreadCore::daemonic); }
PyObject* get_initialized(PyObject* self, void*) { return get_flag(self, &ThreadCore::initialized); }
int set_initialized(PyObject* self, PyObject* value, void*) { return set_flag(self, value, &ThreadCore::initialized); }

PyGetSetDef property(const Attribute& attribute, bool is_settable = true) {
    return {attribute.name, get_attribute, is_settable ? set_attribute : nullptr, nullptr,
            const_cast<Attribute*>(&attribute)};
}

PyGetSetDef properties[] = {
    {"name", get_name, set_name, "What the thread is called; names need not be unique.", nullptr},
    {"ident", get_ident, nullptr, "The thread's get_ident(); None before it is started.", nullptr},
    {"native_id", get_native_id, nullptr, "The kernel's number of the thread; None before it is started.", nullptr},
    {"daemon", get_daemon, set_daemon, "Whether the program may end while the thread runs; set before the start.",
     nullptr},
    {"_ident", get_ident, nullptr, nullptr, nullptr},
    {"_native_id", get_native_id, nullptr, nullptr, nullptr},
    property(attributes[0]),
    property(attributes[1]),
    property(attributes[2]),
    property(attributes[3]),
    property(attributes[4], false),
    property(attributes[5], false),
    property(attributes[6]),
    property(attributes[7]),
    {"_daemonic", get_daemonic, set_daemonic, nullptr, nullptr},
    {"_initialized", get_initialized, set_initialized, nullptr, nullptr},
    {},
};

constexpr const char* thread_doc =
    "Thread(group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None, context=None)\n--\n\n"
    "A thread of control: after start(), run() calls target(*args, **kwargs) at the same time as everything else.\n\n"
    "daemon says whether the program may end without waiting for it; as the creating thread if it is None.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, thread_doc),  slot(Py_tp_init, initialize_thread), slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods), slot(Py_tp_getset, properties),      {0, nullptr},
};

PyType_Spec spec = {
    .name = "threading.Thread",
    .basicsize = sizeof(PyObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

}  // namespace

int add_thread(PyObject* module) {
    State& state = state_of_module(module);
    if (add_type(module, spec, state.thread_type) < 0) return -1;
    return turn_methods_into_functions(state.thread_type, state.function_type);
}

}  // namespace threadwise::python
