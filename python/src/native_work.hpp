#pragma once

/// \file
/// Calls of C++ functions in a pool's queue: items that a worker takes, runs and answers without being attached to the
/// interpreter.

#include <Python.h>

#include <atomic>

#include "item_queue.hpp"
#include "native_item.hpp"

namespace threadwise::python {

/// Lies in the queue as an item that C++ has put. Python that takes it, as shutdown(cancel_futures=True) does, gets the
/// _WorkItem.
struct NativeWork : NativeItem {
    /// Takes over the reference and the call.
    NativeWork(PyObject* item, py::NativeCall* call) noexcept;

    PyObject* item;        ///< the _WorkItem, owned; null if C++ submitted the call, and Python knows nothing of it
    py::NativeCall* call;  ///< owned
    NativeWork* next = nullptr;
};

/// Null if that item is something else.
NativeWork* as_native_work(PyObject* item) noexcept;

/// Puts a new one into a pool's queue; takes over both if true. False: no memory.
bool put_native(ItemQueue& queue, PyObject* item, py::NativeCall* call) noexcept;

/// What a call takes that was run, or was not, by a thread that is not attached.
enum class Rest : unsigned char {
    nothing,  ///< all is done
    run,      ///< it is to be run as a call of Python's: its future is cancelled, or in use in a way of Python's own
    announcement,  ///< Python is to be told
};

/// Runs it. Not attached.
Rest run_native(NativeWork& work) noexcept;

/// What is left to do. Attached; false with an exception set if something went wrong that is not the call's affair.
bool finish_attached(NativeWork& work, Rest rest);

/// Calls that have been made, until an attached thread gives up their references. Thread-safe.
class SpentWork {
public:
    /// Not attached.
    void add(NativeWork& work) noexcept {
        NativeWork* first = first_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        do {
            work.next = first;
            // release: who lets go sees that the call is over.
        } while (!first_.compare_exchange_weak(first, &work, std::memory_order_release, std::memory_order_relaxed));
    }
    /// True for one thread, if there is something: that is to attach itself and let go, unless something else comes up.
    bool needs_me() noexcept {
        // acq_rel: either finds the claim given back, or let_go() sees what this thread has added.
        return first_.load(std::memory_order_relaxed) != nullptr && !claimed_.exchange(true, std::memory_order_acq_rel);
    }
    /// Attached. `mine`: needs_me() said so.
    void let_go(bool mine) noexcept;

private:
    std::atomic<NativeWork*> first_{nullptr};
    std::atomic<bool> claimed_{false};
};

}  // namespace threadwise::python
