// Changes a future's state, and tells its waiters and callbacks.

#include "base/critical_section.hpp"
#include "base/field.hpp"
#include "base/logging.hpp"
#include "base/waiting.hpp"
#include "futures/future.hpp"

#include <utility>

namespace threadwise::python {
namespace {

using Status = FutureCore::Status;

/// Holds the future's condition, if it has been made: programs that use it expect the state to change only under it.
class ConditionHold {
public:
    explicit ConditionHold(Ref condition) : condition_(std::move(condition)) {
        if (!condition_) return;
        held_ = static_cast<bool>(call("acquire"));
        if (!held_ || !raise_asynchronous_exception()) return;
        release();
        held_ = false;
    }
    ~ConditionHold() {
        if (condition_ && held_) release();
    }
    ConditionHold(const ConditionHold&) = delete;
    ConditionHold& operator=(const ConditionHold&) = delete;

    /// False with an exception set.
    bool held() const noexcept { return held_; }
    bool notify_all() const { return !condition_ || call("notify_all"); }

private:
    Ref call(const char* method) const { return Ref::steal(PyObject_CallMethod(condition_.get(), method, nullptr)); }

    void release() const {
        PyObject* type = nullptr;
        PyObject* value = nullptr;
        PyObject* traceback = nullptr;
        PyErr_Fetch(&type, &value, &traceback);
        if (!call("release")) PyErr_WriteUnraisable(condition_.get());
        PyErr_Restore(type, value, traceback);
    }

    Ref condition_;
    bool held_ = true;
};

/// Calls waiter.method(future) for each object that Python code has added to _waiters.
bool tell_waiters(FutureObject& self, const char* method) {
    const Ref waiters = Ref::borrow(self.waiters);
    if (!waiters) return true;
    for (Py_ssize_t i = 0; const Ref waiter = item_of(waiters.get(), i); ++i) {
        if (!Ref::steal(PyObject_CallMethod(waiter.get(), method, "O", &self))) return false;
    }
    return true;
}

/// Raises InvalidStateError. To be called outside of the future's critical section, as its repr enters that.
bool refuse_result(FutureObject& self) {
    PyErr_Format(self.state->invalid_state_error, "%s: %R", name_of(self.core.status()), &self);
    return false;
}

bool make_callbacks(FutureObject& self) {
    if (self.callbacks != nullptr) return true;
    self.core.be_watched();
    Ref list = Ref::steal(PyList_New(0));
    // PyList_New() may run the garbage collector, and that Python code, which may have made the list.
    if (self.callbacks == nullptr) self.callbacks = list.release();
    return self.callbacks != nullptr;
}

/// Replaces the field's reference and returns the old one, which the caller must drop when it holds nothing any more.
[[nodiscard]] Ref put(PyObject*& field, PyObject* value) {
    Py_XINCREF(value);
    return Ref::steal(std::exchange(field, value));
}

}  // namespace

bool call_callbacks(FutureObject& self) {
    auto* const future = reinterpret_cast<PyObject*>(&self);
    const Ref callbacks = read_field(future, self.callbacks);
    if (!callbacks) return true;
    for (Py_ssize_t i = 0; const Ref callback = item_of(callbacks.get(), i); ++i) {
        if (Ref::steal(PyObject_CallOneArg(callback.get(), future))) continue;
        if (!log_exception("exception calling callback for %r", future)) return false;
    }
    return true;
}

bool invoke_callbacks(FutureObject& self) {
    if (is_plain(self)) [[likely]]
        return call_callbacks(self);
    auto* const future = reinterpret_cast<PyObject*>(&self);
    return static_cast<bool>(Ref::steal(PyObject_CallMethod(future, "_invoke_callbacks", nullptr)));
}

const std::exception_ptr& PythonError::pointer() {
    static const std::exception_ptr error = std::make_exception_ptr(PythonError());
    return error;
}

const char* name_of(Status status) noexcept {
    switch (status) {
        case Status::pending: return "PENDING";
        case Status::running: return "RUNNING";
        case Status::cancelled: return "CANCELLED";
        case Status::cancelled_and_notified: return "CANCELLED_AND_NOTIFIED";
        case Status::finished: break;
    }
    return "FINISHED";
}

bool set_result(FutureObject& self, PyObject* result) {
    bool is_first = false;
    Ref old;
    {
        const CriticalSection section(reinterpret_cast<PyObject*>(&self));
        const ConditionHold condition(Ref::borrow(self.condition));
        if (!condition.held()) return false;
        is_first = !self.core.done() && self.core.claim_end();
        if (is_first) {
            old = put(self.result, result);
            self.core.finish();
            if (!tell_waiters(self, "add_result") || !condition.notify_all()) return false;
        }
    }
    return is_first ? invoke_callbacks(self) : refuse_result(self);
}

bool finish_in_python(FutureObject& self) {
    {
        const CriticalSection section(reinterpret_cast<PyObject*>(&self));
        const ConditionHold condition(Ref::borrow(self.condition));
        const char* const how = self.core.has_failed() ? "add_exception" : "add_result";
        if (!condition.held() || !tell_waiters(self, how) || !condition.notify_all()) return false;
    }
    return invoke_callbacks(self);
}

bool set_exception(FutureObject& self, PyObject* exception) {
    bool is_first = false;
    Ref old;
    {
        const CriticalSection section(reinterpret_cast<PyObject*>(&self));
        const ConditionHold condition(Ref::borrow(self.condition));
        if (!condition.held()) return false;
        is_first = !self.core.done() && self.core.claim_end();
        if (is_first) {
            old = put(self.exception, exception == Py_None ? nullptr : exception);
            self.core.fail(self.exception == nullptr ? nullptr : PythonError::pointer());
            if (!tell_waiters(self, "add_exception") || !condition.notify_all()) return false;
        }
    }
    return is_first ? invoke_callbacks(self) : refuse_result(self);
}

int set_running_or_notify_cancel(FutureObject& self) {
    if (self.condition == nullptr && self.core.try_start()) return 1;
    const CriticalSection section(reinterpret_cast<PyObject*>(&self));
    const ConditionHold condition(Ref::borrow(self.condition));
    if (!condition.held()) return -1;
    if (self.core.try_start()) return 1;
    if (self.core.status() == Status::cancelled) {
        self.core.force(Status::cancelled_and_notified);
        return tell_waiters(self, "add_cancelled") ? 0 : -1;
    }
    log_critical(Ref::steal(PyUnicode_FromFormat("Future %zd in unexpected state: %s",
                                                 reinterpret_cast<Py_ssize_t>(&self), name_of(self.core.status()))));
    PyErr_SetString(PyExc_RuntimeError, "Future in unexpected state");
    return -1;
}

int cancel(FutureObject& self) {
    {
        const CriticalSection section(reinterpret_cast<PyObject*>(&self));
        const ConditionHold condition(Ref::borrow(self.condition));
        if (!condition.held()) return -1;
        const Status before = self.core.status();
        if (before != Status::pending) return before == Status::running || before == Status::finished ? 0 : 1;
        if (!self.core.cancel()) return 0;
        if (!condition.notify_all()) return -1;
    }
    return invoke_callbacks(self) ? 1 : -1;
}

bool add_done_callback(FutureObject& self, PyObject* callback) {
    {
        const CriticalSection section(reinterpret_cast<PyObject*>(&self));
        const ConditionHold condition(Ref::borrow(self.condition));
        if (!condition.held() || !make_callbacks(self)) return false;
        // From here to the append no Python code runs that could finish the future in between.
        if (!self.core.done()) return PyList_Append(self.callbacks, callback) == 0;
    }
    auto* const future = reinterpret_cast<PyObject*>(&self);
    if (Ref::steal(PyObject_CallOneArg(callback, future))) return true;
    return log_exception("exception calling callback for %r", future);
}

bool settle(FutureObject& self) {
    return self.condition == nullptr || ConditionHold(read_field(&self, self.condition)).held();
}

}  // namespace threadwise::python
