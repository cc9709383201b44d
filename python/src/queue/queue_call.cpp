#include "queue/queue_call.hpp"

#include <limits>

#include "base/arguments.hpp"

namespace threadwise::python {
namespace {

constexpr const char* too_long_for_clock = PY_VERSION_HEX >= 0x030D0000
                                               ? "timestamp too large to convert to C PyTime_t"
                                               : "timestamp too large to convert to C _PyTime_t";

/// 1 or 0; -1 with an exception set.
int is_negative(PyObject* number) {
    const Ref zero = Ref::steal(PyLong_FromLong(0));
    return zero ? PyObject_RichCompareBool(number, zero.get(), Py_LT) : -1;
}

}  // namespace

bool QueueCall::parse_slow(PyObject* block, PyObject* timeout) {
    const int blocks = block == nullptr ? 1 : PyObject_IsTrue(block);
    if (blocks < 0) return false;
    waits_ = blocks != 0;
    if (!waits_ || timeout == nullptr || timeout == Py_None) return true;
    const int negative = is_negative(timeout);
    if (negative < 0) return false;
    if (negative == 0) return to_duration(timeout, timeout_) || is_too_long();
    PyErr_SetString(PyExc_ValueError, "'timeout' must be a non-negative number");
    return false;
}

/// As with Python's, a time that no clock can hold is an error only when it would be waited for.
bool QueueCall::is_too_long() {
    too_long_ = PyErr_ExceptionMatches(PyExc_OverflowError) != 0;
    if (too_long_) PyErr_Clear();
    return too_long_;
}

Waited QueueCall::wait(QueueWaiter::Kind kind, const QueueSide& side, const void* queue) {
    if (too_long_) {
        PyErr_SetString(PyExc_OverflowError, too_long_for_clock);
        return Waited::failed;
    }
    if (!deadline_) deadline_.emplace(timeout_);
    const Waited waited = wait_detached(deadline_->left(), [&](Timeout left) {
        waiter_.emplace(kind, side, queue, left, std::stop_token(), SourceLocation());
        return waiter_->wait();
    });
    return waited == Waited::done && raise_asynchronous_exception() ? Waited::failed : waited;
}

Ref QueueCall::time_left() const {
    if (too_long_) return Ref::steal(PyFloat_FromDouble(std::numeric_limits<double>::infinity()));
    const Timeout left = deadline_ ? deadline_->left() : timeout_;
    if (left.is_forever()) return Ref::borrow(Py_None);
    return Ref::steal(PyFloat_FromDouble(std::chrono::duration<double>(left.duration()).count()));
}

}  // namespace threadwise::python
