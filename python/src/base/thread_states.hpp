#pragma once

/// \file
/// The interpreter's states of threads that it did not start. To make one while the interpreter is being torn down
/// crashes CPython: nothing there tells such a thread in time.

#include <Python.h>

namespace threadwise::python {

/// A new state for the calling thread, which has none; null without memory. Does not return once the interpreter's end
/// has begun.
PyThreadState* new_thread_state(PyInterpreterState* interpreter);

/// Called when the module is loaded: from then on the calling thread's interpreter, if it is the main one, does not go
/// while a state is being made. -1 with an exception set on failure.
int guard_new_thread_states();

/// In a forked child: no other thread makes one.
void forget_other_new_states() noexcept;

}  // namespace threadwise::python
