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
    /// An Event that the starter waits for next, or null. The thread sets it when it ends, unless it is set by then: a
    /// thread that fails before it has said that it runs does not leave its starter waiting.
    Ref started;
};

/// Starts a thread; false with an exception set if that cannot be had. `life` is to have begun. If `call.started` is
/// given, the caller waits for that event, and then calls expect_begun().
bool start_thread(State& state, Call call, std::shared_ptr<ThreadLife> life);

/// Waits, whatever signals come, until the interpreter knows the thread.
void await_known(const ThreadLife& life);

/// Once the thread is known, or has set the event. False with MemoryError set: there was no memory for its state, so
/// that it could run nothing of Python. It may be started again.
bool expect_begun(ThreadLife& life);

}  // namespace threadwise::python
