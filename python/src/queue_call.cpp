#include "queue_call.hpp"

#include "arguments.hpp"

namespace threadwise::python {

bool QueueCall::parse_slow(PyObject* block, PyObject* timeout) {
    const int blocks = block == nullptr ? 1 : PyObject_IsTrue(block);
    if (blocks < 0) return false;
    waits_ = blocks != 0;
    if (!waits_ || timeout == nullptr || timeout == Py_None) return true;
    if (!to_duration(timeout, timeout_)) return false;
    if (!timeout_.is_negative()) return true;
    PyErr_SetString(PyExc_ValueError, "'timeout' must be a non-negative number");
    return false;
}

Waited QueueCall::wait(QueueWaiter::Kind kind, const QueueSide& side, const void* queue) {
    if (!deadline_) deadline_.emplace(timeout_);
    return wait_detached(deadline_->left(), [&](Timeout left) {
        waiter_.emplace(kind, side, queue, left, std::stop_token(), SourceLocation());
        return waiter_->wait();
    });
}

Ref QueueCall::time_left() const {
    const Timeout left = deadline_ ? deadline_->left() : timeout_;
    if (left.is_forever()) return Ref::borrow(Py_None);
    return Ref::steal(PyFloat_FromDouble(std::chrono::duration<double>(left.duration()).count()));
}

}  // namespace threadwise::python
