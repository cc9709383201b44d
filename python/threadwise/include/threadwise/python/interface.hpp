#pragma once

/// \file
/// What an extension module that includes threadwise/python.hpp and the module threadwise._threadwise have agreed on:
/// plain structures and functions, so that the two need not come from the same compiler.

#include <Python.h>

#include <stdexcept>

namespace threadwise::py {

/// A value of C++'s on its way through a queue or a future. It becomes a Python object only if Python takes it.
struct NativeItem {
    const void* type;                       ///< says which type it is: see detail::Native
    PyObject* (*to_python)(NativeItem*);    ///< a new reference; with the interpreter's lock held; several times
    void (*destroy)(NativeItem*) noexcept;  ///< with or without it
};

/// What a call of a C++ function came to. Of a call that failed the value is what becomes an exception.
struct NativeOutcome {
    NativeItem* value;  ///< the receiver's from now on; null if nobody in Python wants to know
    bool failed;
};

/// A call of a C++ function, with its arguments.
struct NativeCall {
    NativeOutcome (*run)(NativeCall*) noexcept;  ///< once, without the interpreter's lock
    void (*destroy)(NativeCall*) noexcept;       ///< with or without it
};

/// What stands behind an exported function: its `__self__` is a capsule with one.
struct NativeFunction {
    static constexpr const char* capsule_name = "threadwise.NativeFunction.2";

    /// A call with these arguments, which lives no longer than the function; null with an exception set if they do not
    /// fit. With the interpreter's lock held.
    NativeCall* (*prepare)(NativeFunction*, PyObject* const* arguments, Py_ssize_t count);
};

/// What the extension module offers under the name of a capsule. Times are in seconds, infinity is for ever. None of
/// these functions needs the interpreter's lock, nor may those that wait be called with it, but for start_worker.
struct Interface {
    static constexpr const char* capsule_name = "threadwise._threadwise._interface";
    static constexpr int current_version = 3;

    enum Outcome : int {
        done,       ///< it has been done
        timed_out,  ///< not within the time
        shut_down,  ///< the queue is
        python,     ///< it takes Python code, or a Python object: call the method of that name instead
    };

    int version;
    /// 'q' for a Queue or SimpleQueue, 'f' for a Future, 'e' for an Event, 'l' for a Lock, 'p' for a ThreadPoolExecutor
    /// and what is derived from one of them; 0 for anything else.
    char (*kind)(PyObject* object);

    Outcome (*queue_put)(PyObject* queue, NativeItem* item, double seconds);  ///< takes the item over if done
    Outcome (*queue_get)(PyObject* queue, NativeItem** item, double seconds);

    Outcome (*event_wait)(PyObject* event, double seconds);
    bool (*event_is_set)(PyObject* event);
    void (*event_set)(PyObject* event);
    void (*event_clear)(PyObject* event);

    Outcome (*lock_acquire)(PyObject* lock, double seconds);
    bool (*lock_release)(PyObject* lock);  ///< false: it was not held

    Outcome (*future_wait)(PyObject* future, double seconds);
    bool (*future_done)(PyObject* future);
    /// What C++ has set: the future's, which goes on having it. For one that is done.
    Outcome (*future_get)(PyObject* future, NativeOutcome* outcome);
    /// Takes the outcome over if done; takes the interpreter's lock if Python code waits to be told.
    Outcome (*future_set)(PyObject* future, NativeOutcome outcome);

    /// Takes the call over if done; `python` says that start_worker is to be tried.
    Outcome (*pool_submit)(PyObject* pool, NativeCall* call);
    /// The same with the interpreter's lock held. Takes the call over in any case; false with an exception set.
    bool (*start_worker)(PyObject* pool, NativeCall* call);

    /// A state in the main interpreter for the calling thread, which has none; null without memory. Does not return
    /// once that interpreter's end has begun.
    PyThreadState* (*new_thread_state)();
};

namespace detail {

/// Throws if the module that is there speaks another version of this.
inline const Interface& check(const Interface& found) {
    if (found.version == Interface::current_version) return found;
    throw std::runtime_error(
        "threadwise/python.hpp is not that of the threadwise that is installed: build this extension module again");
}

}  // namespace detail
}  // namespace threadwise::py
