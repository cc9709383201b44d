// _thread._ThreadHandle, and the functions of _thread that start threads.

#include <Python.h>

#include <new>

#include "base/arguments.hpp"
#include "base/finalization.hpp"
#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "threads/thread_start.hpp"

namespace threadwise::python {
namespace {

using Life = std::shared_ptr<ThreadLife>;

struct HandleObject {
    PyObject_HEAD PyObject* weak_references;
    Life core;
};

Life& life_of(PyObject* self) noexcept { return as<HandleObject>(self).core; }

/// Null, with an exception set, without memory.
Life make_life() {
    try {
        return std::make_shared<ThreadLife>();
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return nullptr;
    }
}

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
    Life life = make_life();
    return life ? reinterpret_cast<PyObject*>(make_object<HandleObject>(type, std::move(life))) : nullptr;
}

bool is_started(const ThreadLife& life) {
    if (life.state.load() != ThreadLife::State::unstarted) return true;
    PyErr_SetString(PyExc_RuntimeError, "thread not started");
    return false;
}

PyObject* join(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<1> given("join", {"timeout"});
    if (!given.parse(args, count, names)) return nullptr;
    return is_started(*life_of(self)) ? join_thread(life_of(self), given[0]) : nullptr;
}

PyObject* is_done(PyObject* self, PyObject*) { return PyBool_FromLong(life_of(self)->done.is_set()); }

PyObject* set_done(PyObject* self, PyObject*) {
    if (!is_started(*life_of(self))) return nullptr;
    life_of(self)->end();
    Py_RETURN_NONE;
}

PyObject* get_ident(PyObject* self, void*) { return PyLong_FromUnsignedLong(life_of(self)->ident.load()); }

PyObject* represent(PyObject* self) {
    return PyUnicode_FromFormat("<%s object: ident=%lu>", Py_TYPE(self)->tp_name, life_of(self)->ident.load());
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
    Call call{Ref::borrow(function), Ref::borrow(arguments), Ref::borrow(keywords)};
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
    const Life life = has_handle ? life_of_handle(state, given[1]) : make_life();
    if (!life) return nullptr;
    Ref handle = has_handle ? Ref::borrow(given[1]) : make_handle(state, life);
    if (!handle) return nullptr;
    PyObject* const told = has_handle ? handle.get() : Py_None;
    if (PySys_Audit("_thread.start_joinable_thread", "OiO", function, daemon, told) < 0) return nullptr;
    if (life->state.load() == ThreadLife::State::unstarted) life->daemon = daemon != 0;
    Call call{Ref::borrow(function), Ref::steal(PyTuple_New(0)), Ref()};
    if (!call.args || !start(state, life, std::move(call))) return nullptr;
    return handle.release();
}

PyObject* make_thread_handle(PyObject* module, PyObject* ident) {
    const unsigned long number = PyLong_AsUnsignedLong(ident);
    if (PyErr_Occurred() != nullptr) return nullptr;
    Life life = make_life();
    if (!life) return nullptr;
    life->ident.store(number);
    life->state.store(ThreadLife::State::running);
    life->known.set();
    return make_handle(state_of_module(module), std::move(life)).release();
}

PyObject* count(PyObject* module, PyObject*) {
    return PyLong_FromLong((*state_of_module(module).lives)->running.load());
}

/// Waits for all threads that are no daemons.
PyObject* join_all(PyObject* module, PyObject*) {
    const std::shared_ptr<ThreadLives> lives = *state_of_module(module).lives;
    while (const Life life = lives->any_to_join()) {
        const Ref joined = Ref::steal(join_thread(life, nullptr));
        if (!joined) return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* forget_other_threads(PyObject* module, PyObject*) {
    (*state_of_module(module).lives)->forget_others();
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    method("join", join,
           "join($self, /, timeout=None)\n--\n\nWait until the thread has ended, at most timeout seconds."),
    method("is_done", is_done, "is_done($self, /)\n--\n\nWhether the thread has ended."),
    method("_set_done", set_done, "_set_done($self, /)\n--\n\nLet those who join the thread go on."),
    {},
};

PyGetSetDef properties[] = {
    {"ident", get_ident, nullptr, "The thread's get_ident(), 0 before it is started.", nullptr},
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "_ThreadHandle()\n--\n\nA thread, as those see it who wait for it."),
    slot(Py_tp_new, make),
    slot(Py_tp_dealloc, destroy_object<HandleObject>),
    slot(Py_tp_traverse, traverse_object<HandleObject>),
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

Ref make_handle(const State& state, std::shared_ptr<ThreadLife> life) {
    return Ref::steal(
        reinterpret_cast<PyObject*>(make_object<HandleObject>(state.thread_handle_type, std::move(life))));
}

std::shared_ptr<ThreadLife> life_of_handle(const State& state, PyObject* handle) {
    if (Py_TYPE(handle) == state.thread_handle_type) return life_of(handle);
    PyErr_SetString(PyExc_TypeError, "'handle' must be a _ThreadHandle");
    return nullptr;
}

PyObject* join_thread(const std::shared_ptr<ThreadLife>& life, PyObject* timeout) {
    Timeout limit;
    if (!to_timeout(timeout, limit)) return nullptr;
    if (life->is_current()) {
        PyErr_SetString(PyExc_RuntimeError, "Cannot join current thread");
        return nullptr;
    }
    if (life->done.is_set()) Py_RETURN_NONE;
    if (is_finalizing()) {
        PyErr_SetString(finalization_error(),
                        "cannot join a thread at interpreter finalization: it does not run any more");
        return nullptr;
    }
    // A reference of its own: the wait goes on when the handle is gone.
    const std::shared_ptr<ThreadLife> kept = life;
    const Waited waited = wait_detached(limit, [&kept](Timeout left) { return kept->done.wait(left); });
    if (waited == Waited::failed) return nullptr;
    Py_RETURN_NONE;
}

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
