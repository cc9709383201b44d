#pragma once

/// \file
/// What ThreadPoolExecutor's path of a task is made of; threads and shutdown are in Python, in
/// threadwise/concurrent/futures/thread.py.

#include <Python.h>

#include <atomic>

#include "simple_queue.hpp"
#include "state.hpp"

namespace threadwise::python {

/// A SimpleQueue between submit() and the workers, that knows how many workers are idle.
struct WorkQueueObject {
    SimpleQueueObject base;
    /// How many workers have found the queue empty and are not spoken for by a submit().
    std::atomic<long> idle;

    /// Speaks for an idle worker, if there is one.
    bool claim_idle() noexcept {
        // relaxed, all of them: a count; what is handed over goes through the queue.
        long count = idle.load(std::memory_order_relaxed);
        while (count > 0) {
            if (idle.compare_exchange_weak(count, count - 1, std::memory_order_relaxed)) return true;
        }
        return false;
    }
    void add_idle() noexcept { idle.fetch_add(1, std::memory_order_relaxed); }
};

/// The base of ThreadPoolExecutor. The attributes are those of Python's, under the same names.
struct PoolObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* work_queue;  ///< a WorkQueueObject, unless a program has put another queue in its place
    PyObject* threads;     ///< a set
    PyObject* broken;      ///< False, or why
    Py_ssize_t max_workers;
    char shutdown;
    State* state;
};

inline bool is_work_queue(const State& state, PyObject* object) noexcept {
    return object != nullptr && Py_TYPE(object) == state.work_queue_type;
}

}  // namespace threadwise::python
