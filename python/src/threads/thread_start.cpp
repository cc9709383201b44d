#include "threads/thread_start.hpp"

#include <new>
#include <utility>

#include "base/finalization.hpp"
#include "base/object.hpp"
#include "base/thread_states.hpp"
#include "base/waiting.hpp"
#include "locks/event.hpp"

namespace threadwise::python {

/// What a new thread is given.
struct Beginning {
    PyInterpreterState* interpreter;
    Call call;
    std::shared_ptr<ThreadLife> life;
    std::shared_ptr<ThreadLives> lives;
};

namespace {

bool are_threads_allowed(const State& state) noexcept {
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000
    if (_PyInterpreterState_HasFeature(PyInterpreterState_Get(), Py_RTFLAGS_THREADS) == 0) return false;
#endif
    return !state.threads_forbidden;
}

/// False with an exception set.
bool may_start(const State& state) {
    if (!are_threads_allowed(state)) {
        PyErr_SetString(PyExc_RuntimeError, "thread is not supported for isolated subinterpreters");
        return false;
    }
    if (is_finalizing()) {
        PyErr_SetString(finalization_error(), "can't create new thread at interpreter shutdown");
        return false;
    }
    return true;
}

void report_exception(PyObject* function) {
    if (PyErr_ExceptionMatches(PyExc_SystemExit) != 0) return PyErr_Clear();
#if PY_VERSION_HEX >= 0x030D0000
    PyErr_FormatUnraisable("Exception ignored in thread started by %R", function);
#else
    _PyErr_WriteUnraisableMsg("in thread started by", function);
#endif
}

/// Attached to the interpreter.
void call(Beginning& beginning) {
    Call& what = beginning.call;
    if (!Ref::steal(PyObject_Call(what.function.get(), what.args.get(), what.keywords.get()))) {
        report_exception(what.function.get());
    }
    --beginning.lives->running;
    if (what.started) as<EventObject>(what.started.get()).core.event.set();
    what = Call{};
}

/// Attached to the interpreter, for the last time: afterwards the thread runs no more of Python.
void forget(Beginning& beginning, PyThreadState* thread_state) {
    PyThreadState_Clear(thread_state);
#ifndef Py_GIL_DISABLED
    // Whoever joins the thread and sees this holds the interpreter's lock: this thread has let it go, and is forgotten.
    beginning.life->has_run.store(true);
    // While it holds that lock: a fork by another thread does not find the list half changed.
    beginning.lives->remove(*beginning.life);
#endif
}

/// The thread cannot be attached: its starter gives up what it was to call, and raises the exception.
void abandon(std::unique_ptr<Beginning> beginning) {
    const std::shared_ptr<ThreadLife> life = beginning->life;
    const std::shared_ptr<ThreadLives> lives = beginning->lives;
    // The event stays for as long as the starter waits for it.
    PyObject* const started = beginning->call.started.get();
    --lives->running;
    lives->remove(*life);
    life->abandoned.store(beginning.release());
    life->end();
    if (started != nullptr) as<EventObject>(started).core.event.set();
    life->known.set();
}

/// What the new thread runs.
void run(void* argument) {
    std::unique_ptr<Beginning> beginning(static_cast<Beginning*>(argument));
    // Made here and not by the starter: the interpreter notes down which thread makes it.
    PyThreadState* const thread_state = new_thread_state(beginning->interpreter);
    if (thread_state == nullptr) return abandon(std::move(beginning));
    ThreadLife& life = *beginning->life;
    life.run();
    life.known.set();
    attach(thread_state);
    call(*beginning);
    forget(*beginning, thread_state);
    PyThreadState_DeleteCurrent();
    detached(thread_state);
#ifdef Py_GIL_DISABLED
    beginning->lives->remove(life);
#endif
    life.end();
}

}  // namespace

void await_known(const ThreadLife& life) {
    PyThreadState* const thread_state = detach();
    const_cast<Event&>(life.known).wait();
    attach(thread_state);
}

bool expect_begun(ThreadLife& life) {
    const std::unique_ptr<Beginning> abandoned(life.abandoned.exchange(nullptr));
    if (!abandoned) return true;
    if (abandoned->call.started) as<EventObject>(abandoned->call.started.get()).core.event.clear();
    life.known.clear();
    life.done.clear();
    life.ident.store(0);
    life.state.store(ThreadLife::State::unstarted);
    PyErr_NoMemory();
    return false;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): what the caller has may be renewed meanwhile
bool start_thread(State& state, Call call, std::shared_ptr<ThreadLife> life) {
    if (!may_start(state)) {
        life->state.store(ThreadLife::State::unstarted);
        return false;
    }
    const bool starter_waits = static_cast<bool>(call.started);
    std::unique_ptr<Beginning> beginning;
    try {
        beginning = std::make_unique<Beginning>();
        (*state.lives)->add(life);
    } catch (const std::bad_alloc&) {
        life->state.store(ThreadLife::State::unstarted);
        PyErr_NoMemory();
        return false;
    }
    beginning->interpreter = PyInterpreterState_Get();
    beginning->call = std::move(call);
    beginning->life = life;
    beginning->lives = *state.lives;
    ++(*state.lives)->running;
    const unsigned long ident = PyThread_start_new_thread(run, beginning.get());
    if (ident == PYTHREAD_INVALID_THREAD_ID) {
        --(*state.lives)->running;
        (*state.lives)->remove(*life);
        life->state.store(ThreadLife::State::unstarted);
        PyErr_SetString(PyExc_RuntimeError, "can't start new thread");
        return false;
    }
    static_cast<void>(beginning.release());
    life->ident.store(ident);  // and so does the thread: it is the same number
    if (starter_waits) return true;
    // Nobody joins a daemon before the interpreter is finalised, so it must not be on its way when that begins. And a
    // sub-interpreter may be left by its only other thread now, whose state CPython 3.13 takes for free a little early.
    await_known(*life);
    return expect_begun(*life);
}

}  // namespace threadwise::python
