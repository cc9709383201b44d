#pragma once

/// \file
/// Calls of C++ functions in a pool's queue: items that a worker takes, runs and answers without being attached to the
/// interpreter.

#include <Python.h>

#include "module/state.hpp"
#include "queue/item_queue.hpp"
#include "queue/native_item.hpp"

namespace threadwise::python {

/// Lies in the queue as an item that C++ has put. Python that takes it, as shutdown(cancel_futures=True) does, gets the
/// _WorkItem.
struct NativeWork : NativeItem {
    /// Takes over the reference and the call.
    NativeWork(State& of, PyObject* owned_item, py::NativeCall* owned_call) noexcept;

    State& state;
    PyObject* item;        ///< the _WorkItem, owned; null if C++ submitted the call, and Python knows nothing of it
    py::NativeCall* call;  ///< owned; null once it is that of a _WorkItem
    NativeWork* next = nullptr;
};

/// The `type` of these items.
inline constexpr char native_work_identity = 0;

/// Null if that item is something else.
inline NativeWork* as_native_work(PyObject* item) noexcept {
    if (!is_native(item) || as_native(item)->type != &native_work_identity) return nullptr;
    return static_cast<NativeWork*>(as_native(item));
}

/// Puts a new one into a pool's queue; takes over both if true. False: no memory.
bool put_native(ItemQueue& queue, State& state, PyObject* item, py::NativeCall* call) noexcept;

/// What a detached worker has left of a call for when it is attached.
enum class LeftToDo : unsigned char {
    nothing,
    whole_call,  ///< to run it as a call of Python's: its future is cancelled, or Python code uses it in ways of its
                 ///< own
    callbacks,   ///< its future has ended: to wake the waiters in Python and run the callbacks
};

/// Runs the call. For a detached worker.
LeftToDo run_native(NativeWork& work) noexcept;

/// Does what is left. For an attached worker. False with an exception set if something failed other than the call.
bool finish_attached(NativeWork& work, LeftToDo left);

}  // namespace threadwise::python
