// How a threading.Thread starts, what it does in the new thread, and how it ends there.

#include <utility>

#include "base/field.hpp"
#include "base/waiting.hpp"
#include "threads/thread_methods.hpp"
#include "threads/thread_start.hpp"
#include "threads/threads.hpp"

namespace threadwise::python {
namespace {

using State_ = ThreadLife::State;

constexpr bool is_joinable_start = PY_VERSION_HEX >= 0x030D0000;
/// What a program may replace in order to start threads in another way.
constexpr const char* starter_name = is_joinable_start ? "_start_joinable_thread" : "_start_new_thread";

/// What the attribute says: a class may have one of its own in the place of the property.
Ref get_daemon(PyObject* self) { return Ref::steal(PyObject_GetAttrString(self, "daemon")); }

/// As a program asks by having replaced threading's own starter.
bool start_by(PyObject* starter, PyObject* bootstrap, PyObject* self, const ThreadRef& thread) {
    if (!is_joinable_start) return static_cast<bool>(Ref::steal(PyObject_CallFunction(starter, "O()", bootstrap)));
    const Ref daemon = get_daemon(self);
    if (!daemon) return false;
    const Ref args = Ref::steal(PyTuple_Pack(1, bootstrap));
    const Ref keywords = Ref::steal(Py_BuildValue("{sOsO}", "handle", thread->handle, "daemon", daemon.get()));
    return args && keywords && Ref::steal(PyObject_Call(starter, args.get(), keywords.get()));
}

bool start_native(State& state, Ref bootstrap, PyObject* self, const ThreadRef& thread) {
    const Ref daemon = get_daemon(self);
    const int is_daemon = daemon ? PyObject_IsTrue(daemon.get()) : -1;
    if (is_daemon < 0) return false;
    ThreadLife& life = *thread->life;
    if (!life.begin()) return refuse(PyExc_RuntimeError, "thread already started");
    life.daemon = is_daemon != 0;
    Call call{std::move(bootstrap), Ref::steal(PyTuple_New(0)), Ref()};
    return call.args && start_thread(state, std::move(call), thread->life);
}

/// From limbo to the living.
bool enter(State& state, PyObject* self, const ThreadRef& thread) {
    ThreadLife& life = *thread->life;
    if (life.state.load() == State_::unstarted) life.run();  // started in another way
    const Ref ident = Ref::steal(PyLong_FromUnsignedLong(life.ident.load()));
    if (!ident || PyDict_SetItem(state.active, ident.get(), self) < 0) return false;
    started_event(thread).set();
    if (PyDict_DelItem(state.limbo, self) < 0) PyErr_Clear();
    return true;
}

/// The standard module asks get_ident() here, and programs put their own in its place to hear of threads that end.
void tell_that_it_leaves(State& state) {
    const Ref get_ident = item_of(state.threading, "get_ident");
    if (get_ident && !Ref::steal(PyObject_CallNoArgs(get_ident.get()))) PyErr_Clear();
}

void leave(State& state, const ThreadRef& thread) {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    const Ref ident = Ref::steal(PyLong_FromUnsignedLong(thread->life->ident.load()));
    if (!ident || PyDict_DelItem(state.active, ident.get()) < 0) PyErr_Clear();
    tell_that_it_leaves(state);
    PyErr_Restore(type, value, traceback);
}

bool run_in_context(PyObject* self, const ThreadRef& thread) {
    const Ref context = read_field(thread.object(), thread->context);
    if (!context || context.get() == Py_None)
        return static_cast<bool>(Ref::steal(PyObject_CallMethod(self, "run", nullptr)));
    const Ref run_method = Ref::steal(PyObject_GetAttrString(self, "run"));
    return run_method && Ref::steal(PyObject_CallMethod(context.get(), "run", "O", run_method.get()));
}

/// sys.settrace() or sys.setprofile() with the hook that threading keeps for new threads in that variable.
bool install_hook(const State& state, const char* setter, const char* variable) {
    const Ref hook = item_of(state.threading, variable);
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

}  // namespace

PyObject* start_thread_object(PyObject* self, PyObject*) {
    const ThreadRef thread = initialized_core(self, "thread.__init__() not called");
    if (!thread) return nullptr;
    if (started_event(thread).is_set()) {
        PyErr_SetString(PyExc_RuntimeError, "threads can only be started once");
        return nullptr;
    }
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr || !is_attached(*state)) return nullptr;
    Ref bootstrap = Ref::steal(PyObject_GetAttrString(self, "_bootstrap"));
    const Ref starter = item_of(state->threading, starter_name);
    if (!bootstrap || PyDict_SetItem(state->limbo, self, self) < 0) return nullptr;
    const bool is_ours = !starter || starter.get() == state->starter;
    const bool started = is_ours ? start_native(*state, std::move(bootstrap), self, thread)
                                 : start_by(starter.get(), bootstrap.get(), self, thread);
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
        started_event(thread).set();
    } else {
        return PyObject_CallMethod(thread->started, "wait", nullptr);
    }
    Py_RETURN_NONE;
}

PyObject* run_thread_object(PyObject* self, PyObject*) {
    const ThreadRef thread = ThreadRef::find_or_make(self);
    if (!thread) return nullptr;
    const Ref target = read_field(thread.object(), thread->target);
    if (!target) {  // it ran before
        return PyErr_Format(PyExc_AttributeError, "'%s' object has no attribute '_target'", Py_TYPE(self)->tp_name);
    }
    Ref result = Ref::borrow(Py_None);
    if (target.get() != Py_None) {
        const Ref args = Ref::steal(PySequence_Tuple(read_field(thread.object(), thread->args).get()));
        const Ref keywords = read_field(thread.object(), thread->kwargs);
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
    replace_field(thread.object(), thread->target, Ref());
    replace_field(thread.object(), thread->args, Ref());
    replace_field(thread.object(), thread->kwargs, Ref());
    PyErr_Restore(type, value, traceback);
    if (!result) return nullptr;
    Py_RETURN_NONE;
}

void tell_system_of_name(State& state, const ThreadRef& thread) {
    const Ref set_name = item_of(state.threading, "_set_name");
    if (!set_name || set_name.get() == Py_None) return;
    const Ref name = read_field(thread.object(), thread->name);
    if (!Ref::steal(PyObject_CallOneArg(set_name.get(), name.get()))) PyErr_Clear();
}

PyObject* bootstrap_thread_inner(PyObject* self, PyObject*) {
    const ThreadRef thread = initialized_core(self);
    State* const state = thread ? state_of_type(Py_TYPE(self)) : nullptr;
    if (state == nullptr || !enter(*state, self, thread)) return nullptr;
    tell_system_of_name(*state, thread);
    const bool done = call_python([&] {
        const bool ran = install_hook(*state, "settrace", "_trace_hook") &&
                         install_hook(*state, "setprofile", "_profile_hook") && run_in_context(self, thread);
        return ran || report(*state, self);
    });
    leave(*state, thread);
    if (!done) return nullptr;
    Py_RETURN_NONE;
}

PyObject* bootstrap_thread(PyObject* self, PyObject*) {
    const ThreadRef thread = initialized_core(self);
    if (!thread) return nullptr;
    const bool is_handled_elsewhere = thread->life->state.load() == State_::unstarted;
    const Ref result = Ref::steal(PyObject_CallMethod(self, "_bootstrap_inner", nullptr));
    if (is_handled_elsewhere) thread->life->end();
    if (!result) return nullptr;
    Py_RETURN_NONE;
}

PyObject* adopt_thread(PyObject* self, PyObject* args) {
    unsigned long ident = PyThread_get_thread_ident();
    unsigned long native_id = PyThread_get_thread_native_id();
    if (PyArg_ParseTuple(args, "|kk:_adopt", &ident, &native_id) == 0) return nullptr;
    const ThreadRef thread = initialized_core(self);
    State* const state = thread ? state_of_type(Py_TYPE(self)) : nullptr;
    if (state == nullptr) return nullptr;
    ThreadLife& life = *thread->life;
    life.ident.store(ident);
    life.native_id.store(native_id);
    life.state.store(State_::running);
    life.known.set();
    if (!enter(*state, self, thread)) return nullptr;
    Py_RETURN_NONE;
}

}  // namespace threadwise::python
