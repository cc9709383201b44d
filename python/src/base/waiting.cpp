#include "base/waiting.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/exceptions.hpp"
#include "base/finalization.hpp"
#include "base/lock_hint.hpp"
#include "base/reference.hpp"
#include "base/turnstile.hpp"
#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/detail/waiting/part_of_wait.hpp"
#include "threadwise/embed/blocking_hooks.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::python {
namespace {

using namespace std::chrono_literals;

/// Installed on the main thread: lets a signal end its wait, so that Python's handler runs.
class SignalsEndWaits final : public BlockingHooks {
public:
    void before_wait() noexcept override {}
    void after_wait() noexcept override {}
    bool on_signal() noexcept override { return true; }
};

/// The main thread looks for signals from time to time, too: one of the system's that comes just before it falls
/// asleep, or while it spins, has nothing to interrupt.
class Slices {
public:
    Timeout next(Timeout left) noexcept {
        const auto slice = std::min(left.duration(), length_);
        length_ = std::min(2 * length_, longest);
        return slice;
    }

private:
    static constexpr std::chrono::nanoseconds longest = 500ms;
    std::chrono::nanoseconds length_ = 5ms;
};

/// What is waited for would have to come from a thread that does not run any more.
bool is_hopeless(Timeout timeout) {
    if (!timeout.is_forever() || !is_finalizing()) return false;
    PyErr_SetString(finalization_error(), "cannot wait at interpreter finalization: no other thread runs any more");
    return true;
}

/// What is written down of a wait with a longer timeout than that has this one.
constexpr std::chrono::nanoseconds longest_deadline = 24h * 365;

// initial-exec: a store, and no call.
[[gnu::tls_model("initial-exec")]] constinit thread_local PyThreadState* this_detached_state = nullptr;

constinit LockHint hint;
Turnstiles turnstiles;

enum class Outcome : unsigned char { done, not_yet, failed };

/// Without the interpreter's lock.
Outcome wait_once(Timeout timeout, bool (*wait)(void*, Timeout), void* context, detail::WaitParts* whole,
                  std::exception_ptr& failure) {
    try {
        std::optional<detail::PartOfWait> part;
        if (whole != nullptr) part.emplace(*whole);
        return wait(context, timeout) ? Outcome::done : Outcome::not_yet;
    } catch (const InterruptedError&) {
        return Outcome::not_yet;
    } catch (const std::exception&) {
        failure = std::current_exception();
        return Outcome::failed;
    }
}

}  // namespace

void stay_for_good() noexcept {
    for (;;) {
        try {
            sleep_for(1h);
        } catch (const std::exception&) {  // interrupted: it sleeps again
        }
    }
}

PyThreadState* detached_state() noexcept { return this_detached_state; }

PyThreadState* detach() {
    PyThreadState* const thread_state = PyEval_SaveThread();
    this_detached_state = thread_state;
    detached(thread_state);
    return thread_state;
}

void detached(PyThreadState* thread_state) noexcept { hint.let_go(thread_state); }

void attach(PyThreadState* thread_state) {
    this_detached_state = nullptr;
    hint.await_free();
    turnstiles.pass(thread_state, PyEval_RestoreThread);
    hint.taken(thread_state);
}

void forget_other_waits() noexcept { turnstiles.forget_others(); }

Waited wait_detached(Timeout timeout, bool (*wait)(void*, Timeout), void* context, std::uint32_t joined) {
    if (is_hopeless(timeout)) return Waited::failed;
    const detail::Deadline deadline(timeout);
    SignalsEndWaits hooks;
    std::optional<BlockingHooksScope> signals_end_waits;
    std::exception_ptr failure;
    Slices slices;
    const bool is_main = is_main_thread();
    if (is_main) signals_end_waits.emplace(hooks);
    std::optional<detail::WaitParts> whole;
    if (is_main || joined != 0) {
        whole.emplace();
        whole->joined = joined;
        if (!timeout.is_forever()) whole->deadline = whole->since + std::min(timeout.duration(), longest_deadline);
    }
    embed::spin_only_on_idle_cores();
    for (;;) {
        const Timeout left = deadline.left();
        PyThreadState* const thread_state = detach();
        const Outcome outcome =
            wait_once(is_main ? slices.next(left) : left, wait, context, whole ? &*whole : nullptr, failure);
        attach(thread_state);
        if (outcome == Outcome::done) return Waited::done;
        if (outcome == Outcome::failed) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception&) {
                set_error_from_current_exception();
            }
            return Waited::failed;
        }
        if (is_main && PyErr_CheckSignals() < 0) return Waited::failed;
        if (deadline.left().duration() <= 0ns) {
            return raise_asynchronous_exception() ? Waited::failed : Waited::timed_out;
        }
    }
}

bool raise_asynchronous_exception() {
    // relaxed: what is set later is raised later.
    std::atomic_ref<PyObject*> left(PyThreadState_Get()->async_exc);
    if (left.load(std::memory_order_relaxed) == nullptr) [[likely]]
        return false;
    // The interpreter itself raises it, in the first loop of Python that it comes to: it keeps a count of its own.
    const Ref names = Ref::steal(PyDict_New());
    if (names && Ref::steal(PyRun_String("for _ in (0, 0): pass", Py_file_input, names.get(), names.get())))
        return false;
    Ref raised = take_raised();
    PyException_SetTraceback(raised.get(), Py_None);  // without that loop
    restore_raised(std::move(raised));
    return true;
}

PyObject* to_python(Waited waited) {
    if (waited == Waited::failed) return nullptr;
    return PyBool_FromLong(waited == Waited::done);
}

/// threadwise.inspect.DeadlockError, with Python's places if the report has found them.
static void set_deadlock_error(const char* text) {
    const Ref module = Ref::steal(PyImport_ImportModule("threadwise.inspect"));
    const Ref error = module ? Ref::steal(PyObject_CallMethod(module.get(), "_error", "s", text)) : Ref();
    if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
}

void set_error_from_current_exception() {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const DeadlockError& error) {
        set_deadlock_error(error.what());
    } catch (const std::invalid_argument& error) {
        PyErr_SetString(PyExc_ValueError, error.what());
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
}

}  // namespace threadwise::python
