// threading.Thread.

#include "thread.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "arguments.hpp"
#include "describe.hpp"
#include "event.hpp"
#include "field.hpp"
#include "method.hpp"
#include "object.hpp"
#include "thread_start.hpp"
#include "threads.hpp"
#include "waiting.hpp"

namespace threadwise::python {
namespace {

using State_ = ThreadLife::State;

constexpr bool is_joinable_start = PY_VERSION_HEX >= 0x030D0000;
/// What a program may replace in order to start threads in another way.
constexpr const char* starter_name = is_joinable_start ? "_start_joinable_thread" : "_start_new_thread";

ThreadCore& core(PyObject* self) noexcept { return as<ThreadObject>(self).core; }

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    return reinterpret_cast<PyObject*>(make_object<ThreadObject>(type));
}

bool refuse(PyObject* type, const char* complaint) {
    PyErr_SetString(type, complaint);
    return false;
}

/// A class that overrides __init__ may have forgotten to call ours.
bool is_ready(PyObject* self, const char* complaint = "Thread.__init__() not called") {
    return core(self).initialized || refuse(PyExc_RuntimeError, complaint);
}

ThreadLife& life_of(PyObject* self) noexcept { return *core(self).life; }

bool is_started(PyObject* self) noexcept { return as<EventObject>(core(self).started).core.event.is_set(); }

void set_started(PyObject* self) { as<EventObject>(core(self).started).core.event.set(); }

// Making one.

/// `Thread-N`, or `Thread-N (target)`.
Ref default_name(const State& state, PyObject* target) {
    const Ref number = call_threading(state, "_counter");
    if (!number) return {};
    if (target != Py_None) {
        const Ref name = Ref::steal(PyObject_GetAttrString(target, "__name__"));
        if (name) return Ref::steal(PyUnicode_FromFormat("Thread-%S (%S)", number.get(), name.get()));
        if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) return {};
        PyErr_Clear();
    }
    return Ref::steal(PyUnicode_FromFormat("Thread-%S", number.get()));
}

/// 1 or 0; -1 with an exception set.
int daemon_of_current_thread(State& state) {
    const Ref current = current_thread_object(state);
    const Ref daemon = current ? Ref::steal(PyObject_GetAttrString(current.get(), "daemon")) : Ref();
    return daemon ? PyObject_IsTrue(daemon.get()) : -1;
}

bool may_be_daemon(const State& state) {
    const Ref allowed = call_threading(state, "_daemon_threads_allowed");
    if (!allowed) return false;
    return allowed.get() == Py_True ||
           refuse(PyExc_RuntimeError, "daemon threads are disabled in this (sub)interpreter");
}

int initialize(PyObject* self, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"group", "target", "name", "args", "kwargs", "daemon", "context", nullptr};
    PyObject* group = Py_None;
    PyObject* target = Py_None;
    PyObject* name = Py_None;
    PyObject* arguments = nullptr;
    PyObject* keyword_arguments = Py_None;
    PyObject* daemon = Py_None;
    PyObject* context = Py_None;
    if (PyArg_ParseTupleAndKeywords(args, keywords, "|OOOOO$OO:Thread", const_cast<char**>(names), &group, &target,
                                    &name, &arguments, &keyword_arguments, &daemon, &context) == 0) {
        return -1;
    }
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (group != Py_None) return refuse(PyExc_AssertionError, "group argument must be None for now") ? 0 : -1;
    // As with Python's own, no name at all is a name that is asked to be made.
    Ref name_text = name == Py_None ? Ref() : Ref::steal(PyObject_Str(name));
    if (!name_text && PyErr_Occurred() != nullptr) return -1;
    if (!name_text || PyUnicode_GET_LENGTH(name_text.get()) == 0) {
        name_text = default_name(*state, name == Py_None ? target : Py_None);
    }
    if (!name_text) return -1;
    const int is_daemon = daemon == Py_None ? daemon_of_current_thread(*state) : PyObject_IsTrue(daemon);
    if (is_daemon < 0 || (daemon != Py_None && is_daemon != 0 && !may_be_daemon(*state))) return -1;
    Ref started = Ref::steal(PyObject_CallNoArgs(reinterpret_cast<PyObject*>(state->event_type)));
    Ref given_args = arguments == nullptr ? Ref::steal(PyTuple_New(0)) : Ref::borrow(arguments);
    Ref given_keywords = keyword_arguments == Py_None ? Ref::steal(PyDict_New()) : Ref::borrow(keyword_arguments);
    if (!started || !given_args || !given_keywords) return -1;
    ThreadCore& thread = core(self);
    if (!thread.renew_life()) return -1;
    Ref handle = make_handle(*state, thread.life);
    if (!handle) return -1;
    replace_field(self, thread.handle, std::move(handle));
    replace_field(self, thread.target, Ref::borrow(target));
    replace_field(self, thread.name, std::move(name_text));
    replace_field(self, thread.args, std::move(given_args));
    replace_field(self, thread.kwargs, std::move(given_keywords));
    replace_field(self, thread.context, Ref::borrow(context));
    replace_field(self, thread.started, std::move(started));
    replace_field(self, thread.stderr_file, sys_attribute("stderr"));
    thread.daemonic = is_daemon != 0;
    thread.initialized = true;
    return Ref::steal(PyObject_CallMethod(state->dangling, "add", "O", self)) ? 0 : -1;
}

// Starting it.

/// As a program asks by having replaced threading's own starter.
bool start_by(PyObject* starter, PyObject* bootstrap, PyObject* self) {
    const Ref started =
        is_joinable_start
            ? Ref::steal(PyObject_Call(starter, Ref::steal(PyTuple_Pack(1, bootstrap)).get(),
                                       Ref::steal(Py_BuildValue("{sOsO}", "handle", core(self).handle, "daemon",
                                                                core(self).daemonic ? Py_True : Py_False))
                                           .get()))
            : Ref::steal(PyObject_CallFunction(starter, "O()", bootstrap));
    return static_cast<bool>(started);
}

bool start_native(State& state, Ref bootstrap, PyObject* self) {
    ThreadLife& life = life_of(self);
    life.daemon = core(self).daemonic;
    if (!life.begin()) return refuse(PyExc_RuntimeError, "thread already started");
    Call call{std::move(bootstrap), Ref::steal(PyTuple_New(0)), Ref()};
    return call.args && start_thread(state, std::move(call), core(self).life);
}

PyObject* start(PyObject* self, PyObject*) {
    if (!is_ready(self, "thread.__init__() not called")) return nullptr;
    if (is_started(self)) {
        PyErr_SetString(PyExc_RuntimeError, "threads can only be started once");
        return nullptr;
    }
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr || !is_attached(*state)) return nullptr;
    Ref bootstrap = Ref::steal(PyObject_GetAttrString(self, "_bootstrap"));
    const Ref starter = item_of(state->threading, starter_name);
    if (!bootstrap || PyDict_SetItem(state->limbo, self, self) < 0) return nullptr;
    const bool is_ours = !starter || starter.get() == state->starter;
    const bool started =
        is_ours ? start_native(*state, std::move(bootstrap), self) : start_by(starter.get(), bootstrap.get(), self);
    if (!started) {
        PyObject* type = nullptr;
        PyObject* value = nullptr;
        PyObject* traceback = nullptr;
        PyErr_Fetch(&type, &value, &traceback);
        if (PyDict_DelItem(state->limbo, self) < 0) PyErr_Clear();
        PyErr_Restore(type, value, traceback);
        return nullptr;
    }
    if (is_ours) {
        set_started(self);
    } else {
        return PyObject_CallMethod(core(self).started, "wait", nullptr);
    }
    Py_RETURN_NONE;
}

PyObject* run(PyObject* self, PyObject*) {
    ThreadCore& thread = core(self);
    Ref result = Ref::borrow(Py_None);
    if (const Ref target = read_field(self, thread.target); target && target.get() != Py_None) {
        const Ref args = Ref::steal(PySequence_Tuple(read_field(self, thread.args).get()));
        const Ref keywords = read_field(self, thread.kwargs);
        const bool has_keywords = keywords && PyDict_GET_SIZE(keywords.get()) != 0;
        result = args ? Ref::steal(call_python([&] {
            return PyObject_Call(target.get(), args.get(), has_keywords ? keywords.get() : nullptr);
        }))
                      : Ref();
    }
    // No cycle through the arguments keeps the thread alive, or them.
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    replace_field(self, thread.target, Ref());
    replace_field(self, thread.args, Ref());
    replace_field(self, thread.kwargs, Ref());
    PyErr_Restore(type, value, traceback);
    if (!result) return nullptr;
    Py_RETURN_NONE;
}

// In the thread.

/// From limbo to the living.
bool enter(State& state, PyObject* self) {
    ThreadLife& life = life_of(self);
    if (life.state.load() == State_::unstarted) life.run();  // started in another way
    const Ref ident = Ref::steal(PyLong_FromUnsignedLong(life.ident.load()));
    if (!ident || PyDict_SetItem(state.active, ident.get(), self) < 0) return false;
    set_started(self);
    if (PyDict_DelItem(state.limbo, self) < 0) PyErr_Clear();
    return true;
}

/// From Python 3.14 on the system, too, knows the calling thread by its name; what the system makes of it matters to
/// nobody here.
void tell_system_of_name(State& state, PyObject* self) {
    const Ref set_name = item_of(state.threading, "_set_name");
    if (!set_name || set_name.get() == Py_None) return;
    const Ref name = read_field(self, core(self).name);
    if (!Ref::steal(PyObject_CallOneArg(set_name.get(), name.get()))) PyErr_Clear();
}

/// The standard module asks get_ident() here, and programs put their own in its place to hear of threads that end.
void tell_that_it_leaves(State& state) {
    const Ref get_ident = item_of(state.threading, "get_ident");
    if (get_ident && !Ref::steal(PyObject_CallNoArgs(get_ident.get()))) PyErr_Clear();
}

void leave(State& state, PyObject* self) {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    const Ref ident = Ref::steal(PyLong_FromUnsignedLong(life_of(self).ident.load()));
    if (!ident || PyDict_DelItem(state.active, ident.get()) < 0) PyErr_Clear();
    tell_that_it_leaves(state);
    PyErr_Restore(type, value, traceback);
}

bool run_in_context(PyObject* self) {
    PyObject* const context = core(self).context;
    if (context == nullptr || context == Py_None)
        return Ref::steal(PyObject_CallMethod(self, "run", nullptr)) ? true : false;
    const Ref run_method = Ref::steal(PyObject_GetAttrString(self, "run"));
    return run_method && Ref::steal(PyObject_CallMethod(context, "run", "O", run_method.get()));
}

/// sys.settrace() or sys.setprofile() with the hook that is kept for new threads.
bool install_hook(const State& state, const char* setter, PyObject* const& kept) {
    const Ref hook = read_field(reinterpret_cast<PyObject*>(state.thread_type), kept);
    if (!hook || hook.get() == Py_None) return true;
    const Ref set_hook = sys_attribute(setter);
    return !set_hook || Ref::steal(PyObject_CallOneArg(set_hook.get(), hook.get()));
}

/// Tells the world of what run() raised.
bool report(const State& state, PyObject* self) {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    const Ref kept_type = Ref::steal(type);
    const Ref kept_value = Ref::steal(value);
    const Ref kept_traceback = Ref::steal(traceback);
    if (traceback != nullptr) PyException_SetTraceback(value, traceback);
    return static_cast<bool>(
        Ref::steal(PyObject_CallFunctionObjArgs(state.report_exception, self, type, value == nullptr ? Py_None : value,
                                                traceback == nullptr ? Py_None : traceback, nullptr)));
}

PyObject* bootstrap_inner(PyObject* self, PyObject*) {
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr || !enter(*state, self)) return nullptr;
    tell_system_of_name(*state, self);
    const bool done = call_python([&] {
        const bool ran = install_hook(*state, "settrace", state->trace_hook) &&
                         install_hook(*state, "setprofile", state->profile_hook) && run_in_context(self);
        return ran || report(*state, self);
    });
    leave(*state, self);
    if (!done) return nullptr;
    Py_RETURN_NONE;
}

PyObject* bootstrap(PyObject* self, PyObject*) {
    const bool is_handled_elsewhere = life_of(self).state.load() == State_::unstarted;
    const Ref result = Ref::steal(PyObject_CallMethod(self, "_bootstrap_inner", nullptr));
    if (is_handled_elsewhere) life_of(self).end();
    if (!result) return nullptr;
    Py_RETURN_NONE;
}

/// For the main thread and those that somebody else started: `self` is the calling thread, or the one with the given
/// numbers.
PyObject* adopt(PyObject* self, PyObject* args) {
    unsigned long ident = PyThread_get_thread_ident();
    unsigned long native_id = PyThread_get_thread_native_id();
    if (PyArg_ParseTuple(args, "|kk:_adopt", &ident, &native_id) == 0 || !is_ready(self)) return nullptr;
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return nullptr;
    ThreadLife& life = life_of(self);
    life.ident.store(ident);
    life.native_id.store(native_id);
    life.state.store(State_::running);
    life.known.set();
    if (!enter(*state, self)) return nullptr;
    Py_RETURN_NONE;
}

/// In a forked child, where the kernel knows the calling thread by another number.
PyObject* set_native_id(PyObject* self, PyObject*) {
    if (!is_ready(self)) return nullptr;
    life_of(self).native_id.store(PyThread_get_thread_native_id());
    Py_RETURN_NONE;
}

// Asking it.

PyObject* join(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("join", {"timeout"});
    if (!given.parse(args, count, names) || !is_ready(self)) return nullptr;
    if (!is_started(self)) {
        PyErr_SetString(PyExc_RuntimeError, "cannot join thread before it is started");
        return nullptr;
    }
    if (life_of(self).is_current()) {
        PyErr_SetString(PyExc_RuntimeError, "cannot join current thread");
        return nullptr;
    }
    return join_thread(core(self).life, given[0]);
}

bool is_alive(PyObject* self) { return is_started(self) && !life_of(self).done.is_set(); }

PyObject* is_alive_method(PyObject* self, PyObject*) {
    return is_ready(self) ? PyBool_FromLong(is_alive(self)) : nullptr;
}

PyObject* get_name(PyObject* self, void*) {
    return is_ready(self) ? read_field(self, core(self).name).release() : nullptr;
}

int set_name(PyObject* self, PyObject* name, void*) {
    if (!is_ready(self)) return -1;
    Ref text = name == nullptr ? Ref() : Ref::steal(PyObject_Str(name));
    if (!text) return refuse(PyExc_AttributeError, "a thread cannot be without a name") ? 0 : -1;
    replace_field(self, core(self).name, std::move(text));
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
    return is_ready(self) ? number_or_none(life_of(self).ident.load()) : nullptr;
}

/// Waits for the moment that a thread needs to begin.
PyObject* get_native_id(PyObject* self, void*) {
    if (!is_ready(self)) return nullptr;
    const std::shared_ptr<ThreadLife> life = core(self).life;
    if (life->state.load() == State_::starting && !life->known.is_set() &&
        wait_detached(forever, [&life](Timeout left) { return life->known.wait(left); }) == Waited::failed) {
        return nullptr;
    }
    return number_or_none(life->native_id.load());
}

PyObject* get_daemon(PyObject* self, void*) { return is_ready(self) ? PyBool_FromLong(core(self).daemonic) : nullptr; }

int set_daemon(PyObject* self, PyObject* value, void*) {
    if (!is_ready(self)) return -1;
    const int daemon = value == nullptr ? 0 : PyObject_IsTrue(value);
    if (daemon < 0) return -1;
    const State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr) return -1;
    if (is_started(self)) return refuse(PyExc_RuntimeError, "cannot set daemon status of active thread") ? 0 : -1;
    if (daemon != 0 && !may_be_daemon(*state)) return -1;
    core(self).daemonic = daemon != 0;
    return 0;
}

PyObject* represent(PyObject* self) {
    if (!core(self).initialized)
        return refuse(PyExc_AssertionError, "Thread.__init__() was not called") ? self : nullptr;
    const Ref name = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(self)), "__name__"));
    if (!name) return nullptr;
    const char* const status = !is_started(self) ? "initial" : is_alive(self) ? "started" : "stopped";
    const char* const daemon = core(self).daemonic ? " daemon" : "";
    const unsigned long ident = life_of(self).ident.load();
    const Ref own_name = read_field(self, core(self).name);
    if (ident == 0) return PyUnicode_FromFormat("<%S(%S, %s%s)>", name.get(), own_name.get(), status, daemon);
    return PyUnicode_FromFormat("<%S(%S, %s%s %lu)>", name.get(), own_name.get(), status, daemon, ident);
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
PyObject* old_set_daemon(PyObject* self, PyObject* value) { return warn_and_set(self, "setDaemon", "daemon", value); }
PyObject* old_get_name(PyObject* self, PyObject*) { return warn_and_get(self, "getName", "name"); }
PyObject* old_set_name(PyObject* self, PyObject* name) { return warn_and_set(self, "setName", "name", name); }

PyMethodDef methods[] = {
    method("start", start,
           "start($self, /)\n--\n\n"
           "Run the thread. RuntimeError if it was started before, or if there is no thread to be had."),
    method("run", run, "run($self, /)\n--\n\nWhat the thread does: calls the target with its arguments."),
    method("join", join,
           "join($self, /, timeout=None)\n--\n\n"
           "Wait until the thread has ended, at most timeout seconds; is_alive() says whether it has."),
    method("is_alive", is_alive_method, "is_alive($self, /)\n--\n\nWhether the thread was started and has not ended."),
    method("isDaemon", old_is_daemon, "isDaemon($self, /)\n--\n\nOld way to get daemon."),
    method("setDaemon", old_set_daemon, METH_O, "setDaemon($self, daemonic, /)\n--\n\nOld way to set daemon."),
    method("getName", old_get_name, "getName($self, /)\n--\n\nOld way to get name."),
    method("setName", old_set_name, METH_O, "setName($self, name, /)\n--\n\nOld way to set name."),
    method("_bootstrap", bootstrap, "_bootstrap($self, /)\n--\n\nWhat the new thread calls."),
    method("_bootstrap_inner", bootstrap_inner,
           "_bootstrap_inner($self, /)\n--\n\nRuns run(), between the thread's entry among the living and its end."),
    method("_adopt", adopt, METH_VARARGS,
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
    slot(Py_tp_new, make),
    slot(Py_tp_init, initialize),
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

bool ThreadCore::renew_life() {
    try {
        life = std::make_shared<ThreadLife>();
        return true;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return false;
    }
}

int add_thread(PyObject* module) { return add_type(module, spec, state_of_module(module).thread_type); }

}  // namespace threadwise::python
