#pragma once

/// \file
/// What a call of put(), get() or join() was asked: whether to wait, and until when.

#include <Python.h>

#include <optional>

#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "queue/item_queue.hpp"
#include "threadwise/detail/general/deadline.hpp"

namespace threadwise::python {

/// One call, which may have to wait several times. Without parse() it waits for as long as it takes.
class QueueCall {
public:
    QueueCall() = default;
    QueueCall(const QueueCall&) = delete;
    QueueCall& operator=(const QueueCall&) = delete;

    /// `block=True, timeout=None`; null stands for what is not given. False, with an exception set, if it is to wait
    /// for a negative time, or for what is no number.
    bool parse(PyObject* block, PyObject* timeout) {
        return ((block == nullptr || block == Py_True) && (timeout == nullptr || timeout == Py_None)) ||
               parse_slow(block, timeout);
    }

    bool waits() const noexcept { return waits_; }

    /// Waits until it is worth to try again. A wake-up that it has got is passed on, if need be, when this object goes
    /// or waits again: that should be after the try.
    Waited wait(QueueWaiter::Kind kind, const QueueSide& side, const void* queue);

    /// What is left of the timeout as Python has it; null with an exception set on failure.
    Ref time_left() const;

private:
    bool parse_slow(PyObject* block, PyObject* timeout);
    bool is_too_long();

    bool waits_ = true;
    bool too_long_ = false;
    Timeout timeout_ = forever;
    std::optional<threadwise::detail::Deadline> deadline_;
    std::optional<QueueWaiter> waiter_;
};

}  // namespace threadwise::python
