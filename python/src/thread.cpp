// threading.Thread: what can be asked of one, and the type.

#include "thread.hpp"

#include <utility>

#include "arguments.hpp"
#include "describe.hpp"
#include "event.hpp"
#include "field.hpp"
#include "function.hpp"
#include "method.hpp"
#include "object.hpp"
#include "thread_methods.hpp"
#include "thread_start.hpp"
#include "threads.hpp"
#include "waiting.hpp"

namespace threadwise::python {
namespace {

PyObject* join(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("join", {"timeout"});
    if (!given.parse(args, count, names) || !is_ready(self)) return nullptr;
    if (!started_event(self).is_set()) {
        PyErr_SetString(PyExc_RuntimeError, "cannot join thread before it is started");
        return nullptr;
    }
    if (life_of(self).is_current()) {
        PyErr_SetString(PyExc_RuntimeError, "cannot join current thread");
        return nullptr;
    }
    return join_thread(thread_core(self).life, given[0]);
}

bool is_alive(PyObject* self) { return started_event(self).is_set() && !life_of(self).done.is_set(); }

PyObject* is_alive_method(PyObject* self, PyObject*) {
    return is_ready_to_look_at(self) ? PyBool_FromLong(is_alive(self)) : nullptr;
}

PyObject* get_name(PyObject* self, void*) {
    return is_ready_to_look_at(self) ? read_field(self, thread_core(self).name).release() : nullptr;
}

int set_name(PyObject* self, PyObject* name, void*) {
    if (!is_ready_to_look_at(self)) return -1;
    Ref text = name == nullptr ? Ref() : Ref::steal(PyObject_Str(name));
    if (!text) return refuse(PyExc_AttributeError, "a thread cannot be without a name") ? 0 : -1;
    replace_field(self, thread_core(self).name, std::move(text));
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (life_of(self).is_current() && is_attached(*state)) tell_system_of_name(*state, self);
    return 0;
}

PyObject* number_or_none(unsigned long number) {
    if (number == 0) Py_RETURN_NONE;
    return PyLong_FromUnsignedLong(number);
}

PyObject* get_ident(PyObject* self, void*) {
    return is_ready_to_look_at(self) ? number_or_none(life_of(self).ident.load()) : nullptr;
}

/// Waits for the moment that a thread needs to begin.
PyObject* get_native_id(PyObject* self, void*) {
    if (!is_ready_to_look_at(self)) return nullptr;
    const std::shared_ptr<ThreadLife> life = thread_core(self).life;
    if (life->state.load() == ThreadLife::State::starting && !life->known.is_set() &&
        wait_detached(forever, [&life](Timeout left) { return life->known.wait(left); }) == Waited::failed) {
        return nullptr;
    }
    return number_or_none(life->native_id.load());
}

PyObject* get_daemon(PyObject* self, void*) {
    return is_ready_to_look_at(self) ? PyBool_FromLong(thread_core(self).daemonic) : nullptr;
}

int set_daemon(PyObject* self, PyObject* value, void*) {
    if (!is_ready(self)) return -1;
    const int daemon = value == nullptr ? 0 : PyObject_IsTrue(value);
    if (daemon < 0) return -1;
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (started_event(self).is_set())
        return refuse(PyExc_RuntimeError, "cannot set daemon status of active thread") ? 0 : -1;
    if (daemon != 0 && !may_be_daemon(*state)) return -1;
    thread_core(self).daemonic = daemon != 0 ? 1 : 0;
    return 0;
}

PyObject* represent(PyObject* self) {
    if (!is_ready_to_look_at(self, "Thread.__init__() was not called")) return nullptr;
    const Ref name = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(self)), "__name__"));
    if (!name) return nullptr;
    const char* const status = !started_event(self).is_set() ? "initial" : is_alive(self) ? "started" : "stopped";
    const char* const daemon = thread_core(self).daemonic ? " daemon" : "";
    const unsigned long ident = life_of(self).ident.load();
    const Ref own_name = read_field(self, thread_core(self).name);
    if (ident == 0) return PyUnicode_FromFormat("<%S(%S, %s%s)>", name.get(), own_name.get(), status, daemon);
    return PyUnicode_FromFormat("<%S(%S, %s%s %lu)>", name.get(), own_name.get(), status, daemon, ident);
}

/// In a forked child, where the kernel knows the calling thread by another number.
PyObject* set_native_id(PyObject* self, PyObject*) {
    if (!is_ready(self)) return nullptr;
    life_of(self).native_id.store(PyThread_get_thread_native_id());
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

PyGetSetDef properties[] = {
    {"name", get_name, set_name, "What the thread is called; names need not be unique.", nullptr},
    {"ident", get_ident, nullptr, "The thread's get_ident(); None before it is started.", nullptr},
    {"native_id", get_native_id, nullptr, "The kernel's number of the thread; None before it is started.", nullptr},
    {"daemon", get_daemon, set_daemon, "Whether the program may end while the thread runs; set before the start.",
     nullptr},
    {"_ident", get_ident, nullptr, nullptr, nullptr},
    {"_native_id", get_native_id, nullptr, nullptr, nullptr},
    dictionary_property(),
    {},
};

PyMemberDef member(const char* name, int type, std::size_t offset, int flags = 0) {
    return {name, type, static_cast<Py_ssize_t>(offsetof(ThreadObject, core) + offset), flags, nullptr};
}

PyMemberDef members[] = {
    member("_target", T_OBJECT_EX, offsetof(ThreadCore, target)),
    member("_args", T_OBJECT_EX, offsetof(ThreadCore, args)),
    member("_kwargs", T_OBJECT_EX, offsetof(ThreadCore, kwargs)),
    member("_name", T_OBJECT_EX, offsetof(ThreadCore, name)),
    member("_started", T_OBJECT_EX, offsetof(ThreadCore, started), READONLY),
    member("_handle", T_OBJECT_EX, offsetof(ThreadCore, handle), READONLY),
    member("_context", T_OBJECT, offsetof(ThreadCore, context)),
    member("_stderr", T_OBJECT, offsetof(ThreadCore, stderr_file)),
    member("_daemonic", T_BOOL, offsetof(ThreadCore, daemonic)),
    member("_initialized", T_BOOL, offsetof(ThreadCore, initialized)),
    weak_references_member<ThreadObject>(),
    dictionary_member<ThreadObject>(),
    end_of_members(),
};

constexpr const char* thread_doc =
    "Thread(group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None, context=None)\n--\n\n"
    "A thread of control: after start(), run() calls target(*args, **kwargs) at the same time as everything else.\n\n"
    "daemon says whether the program may end without waiting for it; as the creating thread if it is None.";

PyType_Slot slots[] = {
    slot(Py_tp_doc, thread_doc),
    slot(Py_tp_init, initialize_thread),  // and object's own tp_new: see ThreadCore
    slot(Py_tp_dealloc, destroy_object<ThreadObject>),
    slot(Py_tp_traverse, traverse_object<ThreadObject>),
    slot(Py_tp_clear, clear_object<ThreadObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, properties),
    slot(Py_tp_members, members),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threading.Thread",
    .basicsize = sizeof(ThreadObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

}  // namespace

int add_thread(PyObject* module) {
    State& state = state_of_module(module);
    if (add_type(module, spec, state.thread_type) < 0) return -1;
    return turn_methods_into_functions(state.thread_type, state.function_type);
}

}  // namespace threadwise::python
