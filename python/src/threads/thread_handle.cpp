// _thread._ThreadHandle, and the functions of _thread that start threads.

#include <Python.h>

#include <new>

#include "base/arguments.hpp"
#include "base/finalization.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/thread_states.hpp"
#include "base/waiting.hpp"
#include "locks/event.hpp"
#include "threads/thread_start.hpp"
#include "threadwise/embed/foreign_threads.hpp"
#include "threadwise/thread_handle.hpp"

namespace threadwise::python {
namespace {

using Life = std::shared_ptr<ThreadLife>;

struct HandleCore {
    Life life;
    PyObject* started = nullptr;  ///< see Call; or null

    explicit HandleCore(Life of) noexcept : life(std::move(of)) {}

    template <class Visit>
    void visit_references(Visit visit) {
        visit(started);
    }
};

struct HandleObject {
    PyObject_HEAD PyObject* weak_references;
    HandleCore core;
};

const Life& life_of(PyObject* self) noexcept { return as<HandleObject>(self).core.life; }

/// Null, with an exception set, without memory.
Life make_life() {
    try {
        return std::make_shared<ThreadLife>();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return nullptr;
    }
}

Ref make_handle(PyTypeObject* type, Life life) {
    if (!life) return {};
    return Ref::steal(reinterpret_cast<PyObject*>(make_object<HandleObject>(type, std::move(life))));
}

PyObject* make(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"started", nullptr};
    PyObject* started = nullptr;
    const State* const state = state_of_type(type);
    if (state == nullptr || PyArg_ParseTupleAndKeywords(args, keywords, "|O!:_ThreadHandle", const_cast<char**>(names),
                                                        state->event_type, &started) == 0) {
        return nullptr;
    }
    Ref handle = make_handle(type, make_life());
    if (handle) as<HandleObject>(handle.get()).core.started = Py_XNewRef(started);
    return handle.release();
}

bool is_started(const ThreadLife& life) {
    if (life.state.load() != ThreadLife::State::unstarted) return true;
    PyErr_SetString(PyExc_RuntimeError, "thread not started");
    return false;
}

/// Waits until the thread has ended: null with an exception set, None otherwise, in time or not.
PyObject* join_thread(const std::shared_ptr<ThreadLife>& life, PyObject* timeout) {
    Timeout limit;
    if (!to_timeout(timeout, limit)) return nullptr;
    if (life->is_current()) {
        PyErr_SetString(PyExc_RuntimeError, "Cannot join current thread");
        return nullptr;
    }
    if (life->has_ended()) Py_RETURN_NONE;
    if (is_finalizing()) {
        PyErr_SetString(finalization_error(),
                        "cannot join a thread at interpreter finalization: it does not run any more");
        return nullptr;
    }
    // A reference of its own: the wait goes on when the handle is gone.
    const std::shared_ptr<ThreadLife> kept = life;
    const Waited waited = wait_detached(
        limit, [&kept](Timeout left) { return kept->done.wait(left); }, kept->library_ident.load());
    if (waited == Waited::failed) return nullptr;
    Py_RETURN_NONE;
}

PyObject* join(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("join", {"timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    return is_started(*life_of(self)) ? join_thread(life_of(self), given[0]) : nullptr;
}

PyObject* is_done(PyObject* self, PyObject*) { return PyBool_FromLong(life_of(self)->has_ended()); }

PyObject* set_done(PyObject* self, PyObject*) {
    if (!is_started(*life_of(self))) return nullptr;
    life_of(self)->end();
    Py_RETURN_NONE;
}

/// Its starter has waited for the event that it gave to the handle.
PyObject* expect_begun_method(PyObject* self, PyObject*) {
    if (!expect_begun(*life_of(self))) return nullptr;
    Py_RETURN_NONE;
}

PyObject* get_ident(PyObject* self, void*) { return PyLong_FromUnsignedLong(life_of(self)->ident.load()); }

PyObject* represent(PyObject* self) {
    return PyUnicode_FromFormat("<%s object: ident=%lu>", Py_TYPE(self)->tp_name, life_of(self)->ident.load());
}

/// The calling thread is the one that the handle is of, if that was started by other means than the handle: whether so.
PyObject* run_here(PyObject* self, PyObject*) {
    if (!life_of(self)->begin()) Py_RETURN_FALSE;
    life_of(self)->run();
    life_of(self)->known.set();
    Py_RETURN_TRUE;
}

/// Dumps, and other processes, show the thread so from now on, if it runs.
PyObject* describe_thread(PyObject* self, PyObject* args) {
    const char* name = nullptr;
    int daemon = 0;
    if (PyArg_ParseTuple(args, "sp:_describe", &name, &daemon) == 0) return nullptr;
    const std::uint32_t ident = life_of(self)->library_ident.load();
    if (ident == 0) Py_RETURN_NONE;
    try {
        embed::describe_foreign_thread(ident, name, daemon != 0);
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

/// As start_new_thread() tells of it where the standard module starts threads by that.
int audit_joinable_start(PyObject* function, [[maybe_unused]] int daemon, [[maybe_unused]] PyObject* handle) {
#if PY_VERSION_HEX >= 0x030D0000
    return PySys_Audit("_thread.start_joinable_thread", "OiO", function, daemon, handle);
#else
    return PySys_Audit("_thread.start_new_thread", "O()O", function, Py_None);
#endif
}

/// Starts a thread for a handle that has not been used yet.
bool start(State& state, const Life& life, Call call) {
    if (!life->begin()) {
        PyErr_SetString(PyExc_RuntimeError, "thread already started");
        return false;
    }
    return start_thread(state, std::move(call), life);
}

PyObject* start_new_thread(PyObject* module, PyObject* args) {
    PyObject* function = nullptr;
    PyObject* arguments = nullptr;
    PyObject* keywords = nullptr;
    if (PyArg_UnpackTuple(args, "start_new_thread", 2, 3, &function, &arguments, &keywords) == 0) return nullptr;
    const char* complaint = PyCallable_Check(function) == 0 ? "first arg must be callable"
                            : !PyTuple_Check(arguments)     ? "2nd arg must be a tuple"
                            : keywords != nullptr && PyDict_Check(keywords) == 0
                                ? "optional 3rd arg must be a dictionary"
                                : nullptr;
    if (complaint != nullptr) {
        PyErr_SetString(PyExc_TypeError, complaint);
        return nullptr;
    }
    if (PySys_Audit("_thread.start_new_thread", "OOO", function, arguments, keywords == nullptr ? Py_None : keywords) <
        0) {
        return nullptr;
    }
    const Life life = make_life();
    if (!life) return nullptr;
    life->daemon = true;
    Call call{Ref::borrow(function), Ref::borrow(arguments), Ref::borrow(keywords), Ref()};
    if (!start(state_of_module(module), life, std::move(call))) return nullptr;
    return PyLong_FromUnsignedLong(life->ident.load());
}

PyObject* start_joinable_thread(PyObject* module, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<3> given("start_joinable_thread", {"function", "handle", "daemon"}, 1);
    if (!given.parse(args, count, names)) return nullptr;
    PyObject* const function = given[0];
    if (PyCallable_Check(function) == 0) {
        PyErr_SetString(PyExc_TypeError, "thread function must be callable");
        return nullptr;
    }
    const int daemon = given[2] == nullptr ? 1 : PyObject_IsTrue(given[2]);
    if (daemon < 0) return nullptr;
    State& state = state_of_module(module);
    const bool has_handle = given[1] != nullptr && given[1] != Py_None;
    if (has_handle && !Py_IS_TYPE(given[1], state.thread_handle_type)) {
        PyErr_SetString(PyExc_TypeError, "'handle' must be a _ThreadHandle");
        return nullptr;
    }
    Ref handle = has_handle ? Ref::borrow(given[1]) : make_handle(state.thread_handle_type, make_life());
    if (!handle || audit_joinable_start(function, daemon, has_handle ? handle.get() : Py_None) < 0) return nullptr;
    const Life& life = life_of(handle.get());
    if (life->state.load() == ThreadLife::State::unstarted) life->daemon = daemon != 0;
    Call call{Ref::borrow(function), Ref::steal(PyTuple_New(0)), Ref(),
              Ref::borrow(as<HandleObject>(handle.get()).core.started)};
    if (!call.args || !start(state, life, std::move(call))) return nullptr;
    return handle.release();
}

PyObject* make_thread_handle(PyObject* module, PyObject* ident) {
    const unsigned long number = PyLong_AsUnsignedLong(ident);
    if (PyErr_Occurred() != nullptr) return nullptr;
    Life life = make_life();
    if (!life) return nullptr;
    life->ident.store(number);
    if (number == PyThread_get_thread_ident()) life->library_ident.store(threadwise::get_ident());
    life->state.store(ThreadLife::State::running);
    life->known.set();
    return make_handle(state_of_module(module).thread_handle_type, std::move(life)).release();
}

PyObject* count(PyObject* module, PyObject*) {
    return PyLong_FromLong((*state_of_module(module).lives)->running.load());
}

/// Waits for all threads that are no daemons. Afterwards none is about to begin, either.
PyObject* join_all(PyObject* module, PyObject*) {
    const std::shared_ptr<ThreadLives> lives = *state_of_module(module).lives;
    while (const Life life = lives->any_to_join()) {
        const Ref joined = Ref::steal(join_thread(life, nullptr));
        if (!joined) return nullptr;
    }
    // A daemon whose starter was interrupted before it knew it to run.
    while (const Life life = lives->any_unknown()) await_known(*life);
    Py_RETURN_NONE;
}

PyObject* forget_other_threads(PyObject* module, PyObject*) {
    ++state_of_module(module).forks;
    forget_other_new_states();
    forget_other_waits();
    (*state_of_module(module).lives)->forget_others();
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    method("join", join,
           "join($self, /, timeout=None)\n--\n\nWait until the thread has ended, at most timeout seconds."),
    method("is_done", is_done, "is_done($self, /)\n--\n\nWhether the thread has ended."),
    method("_run_here", run_here, "_run_here($self, /)\n--\n\nWhether the calling thread becomes the handle's."),
    method("_describe", describe_thread, METH_VARARGS,
           "_describe($self, name, daemon, /)\n--\n\nWhat dumps show of the thread, if it runs."),
    method("_expect_begun", expect_begun_method,
           "_expect_begun($self, /)\n--\n\nMemoryError if the thread could not begin: it may be started again."),
    method("_set_done", set_done, "_set_done($self, /)\n--\n\nLet the threads that join this one go on."),
    {},
};

PyGetSetDef properties[] = {
    {"ident", get_ident, nullptr, "The thread's get_ident(), 0 before it is started.", nullptr},
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "_ThreadHandle(started=None)\n--\n\nA thread as its joiners see it."),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy_object<HandleObject>),
    slot(Py_tp_traverse, traverse_object<HandleObject>),
    slot(Py_tp_clear, clear_object<HandleObject>),
    slot(Py_tp_repr, represent),
    slot(Py_tp_methods, methods),
    slot(Py_tp_getset, properties),
    slot(Py_tp_members, weakly_referenced<HandleObject>),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "_thread._ThreadHandle",
    .basicsize = sizeof(HandleObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

constexpr const char* start_new_doc =
    "start_new_thread($module, function, args, kwargs={}, /)\n--\n\n"
    "Call the function in a new thread, which nobody waits for. Returns the thread's get_ident().";
constexpr const char* start_joinable_doc =
    "start_joinable_thread($module, /, function, handle=None, daemon=True)\n--\n\n"
    "Call the function in a new thread. Returns a handle to wait for it with.";

PyMethodDef functions[] = {
    method("start_new_thread", start_new_thread, METH_VARARGS, start_new_doc),
    method("start_joinable_thread", start_joinable_thread, start_joinable_doc),
    method("_make_thread_handle", make_thread_handle, METH_O,
           "_make_thread_handle($module, ident, /)\n--\n\nA handle of a thread that runs already."),
    method("_count", count, "_count($module, /)\n--\n\nHow many threads started from here run."),
    method("_join_all", join_all, "_join_all($module, /)\n--\n\nWait for all threads that are no daemons."),
    method("_forget_other_threads", forget_other_threads,
           "_forget_other_threads($module, /)\n--\n\nIn a forked child: all other threads have ended."),
    {},
};

}  // namespace

int add_thread_handle(PyObject* module) {
    State& state = state_of_module(module);
    try {
        state.lives = new std::shared_ptr<ThreadLives>(std::make_shared<ThreadLives>());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return -1;
    }
    if (add_type(module, spec, state.thread_handle_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

void destroy_thread_lives(State& state) noexcept { delete std::exchange(state.lives, nullptr); }

}  // namespace threadwise::python
