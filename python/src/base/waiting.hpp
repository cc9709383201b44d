#pragma once

/// \file
/// The one way to wait.
///
/// A method first tries to get what it wants with the interpreter's lock held, which costs nothing. If it has to wait,
/// it calls wait_detached(): the interpreter's lock is handed back, the library's door is passed, and the lock is taken
/// again. On the main thread a signal ends the wait for as long as Python's handlers need: they run in the middle of
/// it, and either an exception comes from them, or the wait goes on with what is left of its timeout.

#include <Python.h>

#include <cstdint>
#include <memory>
#include <type_traits>

#include "threadwise/timeout.hpp"

namespace threadwise::python {

/// How a wait ended.
enum class Waited : unsigned char {
    done,
    timed_out,
    failed,  ///< with an exception set
};

/// The same without the type of what is called: `wait(context, timeout)`. `joined`: the wait is for the end of the
/// thread with that ident of the library's.
Waited wait_detached(Timeout timeout, bool (*wait)(void* context, Timeout timeout), void* context,
                     std::uint32_t joined = 0);

/// Calls `wait(timeout)`, a wait of the library's that returns false when the timeout is over, detached from the
/// interpreter: neither `wait` nor what it calls may touch Python objects. It is called again after signals, so it must
/// be a wait that can be begun anew. Exceptions of the library become Python's.
template <class Wait>
Waited wait_detached(Timeout timeout, Wait&& wait, std::uint32_t joined = 0) {
    using Plain = std::remove_reference_t<Wait>;
    return wait_detached(
        timeout, [](void* context, Timeout left) -> bool { return (*static_cast<Plain*>(context))(left); },
        static_cast<void*>(std::addressof(wait)), joined);
}

/// Raises what PyThreadState_SetAsyncExc() has left for the calling thread, as the interpreter does between two
/// instructions: true. wait_detached() does so where the time is over. A method that has yet to do something once its
/// wait is done calls this first: the waits of Python's own classes end in Python code, which does not get as far.
bool raise_asynchronous_exception();

/// True, False, or null with an exception set: what `acquire()` and `wait()` return.
PyObject* to_python(Waited waited);

/// Releases the GIL; what is returned is for attach().
PyThreadState* detach();

/// The state that the calling thread is to attach again; null: it has detached from none.
PyThreadState* detached_state() noexcept;

/// To be called after a thread that used attach() has released the GIL by other means than detach().
void detached(PyThreadState* thread_state) noexcept;

/// Blocks the calling thread until the process ends.
[[noreturn]] void stay_for_good() noexcept;

/// Takes the interpreter's lock again. Does not return once the interpreter's end has begun: late_threads.cpp.
void attach(PyThreadState* thread_state);

/// In a forked child: no other thread waits for the interpreter's lock.
void forget_other_waits() noexcept;

/// From a `catch` clause: sets the Python exception that corresponds to the C++ exception being handled.
void set_error_from_current_exception();

}  // namespace threadwise::python
