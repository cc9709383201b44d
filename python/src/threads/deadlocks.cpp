// Deadlocks: what the library reports goes to threadwise.inspect, which knows Python's threads and their frames.

#include <Python.h>

#include <cstring>
#include <optional>

#include "base/finalization.hpp"
#include "base/method.hpp"
#include "base/reference.hpp"
#include "base/thread_states.hpp"
#include "base/waiting.hpp"
#include "module/state.hpp"
#include "threadwise/deadlock_hook.hpp"

namespace threadwise::python {
namespace {

struct Action {
    OnDeadlock action;
    const char* name;
};

constexpr Action actions[] = {
    {OnDeadlock::report, "report"},
    {OnDeadlock::abort, "abort"},
    {OnDeadlock::fail, "throw"},
    {OnDeadlock::ignore, "ignore"},
};

/// (name, native_id, waits_for, object, holds, held_object, seconds)
Ref as_tuple(const DeadlockedThread& thread) {
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - thread.since;
    return Ref::steal(Py_BuildValue("(sKsKsKd)", thread.name.c_str(), static_cast<unsigned long long>(thread.native_id),
                                    thread.waits_for.c_str(), static_cast<unsigned long long>(thread.object),
                                    thread.holds.c_str(), static_cast<unsigned long long>(thread.held_object),
                                    waited.count()));
}

/// threadwise.inspect._report(certain, threads); false with an exception set.
bool report_attached(const Deadlock& deadlock) {
    const Ref module = Ref::steal(PyImport_ImportModule("threadwise.inspect"));
    const Ref threads = Ref::steal(PyList_New(0));
    if (!module || !threads) return false;
    for (const DeadlockedThread& thread : deadlock.threads) {
        const Ref tuple = as_tuple(thread);
        if (!tuple || PyList_Append(threads.get(), tuple.get()) < 0) return false;
    }
    return static_cast<bool>(Ref::steal(
        PyObject_CallMethod(module.get(), "_report", "OO", deadlock.certain ? Py_True : Py_False, threads.get())));
}

/// On a thread of the library's, which the interpreter does not know.
void report(const Deadlock& deadlock) {
    PyThreadState* const thread_state = is_finalizing() ? nullptr : new_thread_state(PyInterpreterState_Main());
    if (thread_state == nullptr) return default_deadlock_hook(deadlock);
    attach(thread_state);
    if (!report_attached(deadlock)) PyErr_WriteUnraisable(nullptr);
    PyThreadState_Clear(thread_state);
    PyThreadState_DeleteCurrent();
    detached(thread_state);
}

PyObject* set_on_deadlock(PyObject*, PyObject* name) {
    const char* const given = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : "";
    if (given == nullptr) return nullptr;
    for (const Action& wanted : actions) {
        if (std::strcmp(given, wanted.name) != 0) continue;
        const OnDeadlock before = threadwise::set_on_deadlock(wanted.action);
        for (const Action& former : actions) {
            if (former.action == before) return PyUnicode_FromString(former.name);
        }
    }
    return PyErr_Format(PyExc_ValueError, "on_deadlock() takes 'report', 'abort', 'throw' or 'ignore', and not %R",
                        name);
}

PyMethodDef functions[] = {
    method("_on_deadlock", set_on_deadlock, METH_O,
           "_on_deadlock($module, action, /)\n--\n\nReturns what it was before."),
    {},
};

}  // namespace

int add_deadlocks(PyObject* module) {
    if (PyInterpreterState_Get() == PyInterpreterState_Main()) set_deadlock_hook(report);
    return PyModule_AddFunctions(module, functions);
}

}  // namespace threadwise::python
