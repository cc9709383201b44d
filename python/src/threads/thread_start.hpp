#pragma once

/// \file
/// Starting a thread that runs Python code, and the handles of such threads.

#include <Python.h>

#include <memory>

#include "base/reference.hpp"
#include "module/state.hpp"
#include "threads/thread_life.hpp"

namespace threadwise::python {

/// What a new thread is to call.
struct Call {
    Ref function;
    Ref args;      ///< a tuple
    Ref keywords;  ///< a dictionary, or null
};

/// Starts a thread; false with an exception set if that cannot be had. `life` is to have begun.
bool start_thread(State& state, Call call, std::shared_ptr<ThreadLife> life);

/// A handle of that thread, as `_thread._ThreadHandle`.
Ref make_handle(const State& state, std::shared_ptr<ThreadLife> life);

/// That of a `_ThreadHandle`; null with a TypeError set for anything else.
std::shared_ptr<ThreadLife> life_of_handle(const State& state, PyObject* handle);

/// Waits until the thread has ended: null with an exception set, None otherwise, in time or not.
PyObject* join_thread(const std::shared_ptr<ThreadLife>& life, PyObject* timeout);

}  // namespace threadwise::python
