// concurrent.futures.wait().

#include <new>
#include <vector>

#include "base/arguments.hpp"
#include "base/method.hpp"
#include "base/waiting.hpp"
#include "futures/future.hpp"
#include "futures/futures_set.hpp"
#include "threadwise/detail/futures/completions.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/wait.hpp"

namespace threadwise::python {
namespace {

using threadwise::detail::Completions;
using threadwise::detail::Deadline;

/// False, with ValueError set, if there is no such condition.
bool to_return_when(PyObject* name, ReturnWhen& when) {
    if (name == nullptr) return true;
    if (PyUnicode_Check(name)) {
        if (PyUnicode_CompareWithASCIIString(name, "ALL_COMPLETED") == 0) return true;
        when = ReturnWhen::first_exception;
        if (PyUnicode_CompareWithASCIIString(name, "FIRST_EXCEPTION") == 0) return true;
        when = ReturnWhen::first_completed;
        if (PyUnicode_CompareWithASCIIString(name, "FIRST_COMPLETED") == 0) return true;
    }
    PyErr_Format(PyExc_ValueError, "Invalid return condition: %R", name);
    return false;
}

/// Whether that future's being done ends the wait for all.
bool ends_wait(const FutureObject& future, ReturnWhen when) noexcept {
    return when == ReturnWhen::first_completed || (when == ReturnWhen::first_exception && future.core.finished() &&
                                                   (future.exception != nullptr || future.core.has_failed()));
}

/// Whether there is nothing to wait for, as things stand.
bool is_over(const FuturesSet& futures, ReturnWhen when) {
    bool all_done = true;
    for (std::size_t i = 0; i < futures.size(); ++i) {
        const FutureObject& future = futures[i];
        if (!future.core.is_news()) {
            all_done = false;
        } else if (ends_wait(future, when)) {
            return true;
        }
    }
    return all_done;
}

/// (done, not_done)
PyObject* divide(const FuturesSet& futures) {
    const Ref done = Ref::steal(PySet_New(nullptr));
    const Ref not_done = Ref::steal(PySet_New(nullptr));
    if (!done || !not_done) return nullptr;
    for (std::size_t i = 0; i < futures.size(); ++i) {
        PyObject* const set = futures[i].core.is_news() ? done.get() : not_done.get();
        if (PySet_Add(set, futures.object(i)) < 0) return nullptr;
    }
    return PyTuple_Pack(2, done.get(), not_done.get());
}

/// At most `timeout`; false with an exception set if something else ended the wait.
bool wait_until_over(const FuturesSet& futures, ReturnWhen when, Timeout timeout) try {
    Completions completions(futures.states());
    const Waited waited = wait_detached(timeout, [&](Timeout left) {
        const Deadline deadline(left);
        try {
            while (!ends_wait(futures[completions.next(deadline, {}, {})], when) && completions.left() != 0) {}
            return true;
        } catch (const TimeoutError&) {
            return false;
        }
    });
    return waited != Waited::failed && futures.settle();
} catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return false;
}

PyObject* wait(PyObject* module, PyObject* const* args, Py_ssize_t count, PyObject* names) {
    Arguments<3> given("wait", {"fs", "timeout", "return_when"}, 1);
    ReturnWhen when = ReturnWhen::all_completed;
    Timeout timeout;
    FuturesSet futures;
    if (!given.parse(args, count, names)) return nullptr;
    const Ref set = Ref::steal(PySet_New(given[0]));
    const int filled = set ? futures.fill(state_of_module(module), set.get()) : -1;
    if (filled < 0 || !to_return_when(given[2], when) || !to_timeout(given[1], timeout)) return nullptr;
    if (filled == 0) {
        return call_waiters("wait", set.get(), given[1], given[2] == nullptr ? Py_None : given[2]).release();
    }
    if (!is_over(futures, when) && !wait_until_over(futures, when, timeout)) return nullptr;
    return divide(futures);
}

PyMethodDef functions[] = {
    method("_wait", wait,
           "_wait($module, /, fs, timeout=None, return_when='ALL_COMPLETED')\n--\n\n"
           "wait(), whose two sets come as a plain tuple."),
    {},
};

}  // namespace

int add_futures_wait(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace threadwise::python
