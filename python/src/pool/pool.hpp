#pragma once

/// \file
/// What ThreadPoolExecutor's path of a task is made of; threads and shutdown are in Python, in
/// threadwise/concurrent/futures/thread.py.

#include <Python.h>

#include <atomic>

#include "module/state.hpp"
#include "pool/native_work.hpp"
#include "queue/simple_queue.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/semaphore.hpp"

namespace threadwise::python {

/// A SimpleQueue between submit() and the workers, that knows how many workers are idle.
struct WorkQueueObject {
    SimpleQueueObject base;
    /// A threading.Semaphore, whose permits are the workers that have found the queue empty and are not spoken for by a
    /// submit(): what Python's pool has as `_idle_semaphore`.
    PyObject* idle_semaphore;
    Semaphore* idle;            ///< in it
    std::atomic<long> workers;  ///< how many there are
    unsigned forks;             ///< State::forks when it was made; the calls in an older one are a parent process's

    /// Speaks for an idle worker, if there is one.
    bool claim_idle() noexcept { return idle->try_acquire(); }
    void add_idle() noexcept { idle->release(); }
};

/// The base of ThreadPoolExecutor. The attributes are those of Python's, under the same names.
struct PoolObject {
    PyObject_HEAD PyObject* weak_references;
    PyObject* work_queue;     ///< a WorkQueueObject, unless a program has put another queue in its place
    PyObject* threads;        ///< a set
    PyObject* broken;         ///< False, or why
    PyObject* shutdown_lock;  ///< a threading.Lock, unless a program has put another one in its place
    Py_ssize_t max_workers;
    char shutdown;
    char always_adjusts;  ///< submit() calls _adjust_thread_count() each time: it is not ours
    State* state;
    /// Held by C++ threads from when they have found the pool open until their call is in the queue, and by a
    /// thread that closes the pool. Never while anything of Python runs.
    Lock submitting;
};

/// Whether that is the type itself, not one derived from it. For detached threads.
bool is_work_queue_type(const PyTypeObject* type) noexcept;
bool is_pool_type(const PyTypeObject* type) noexcept;

/// Reads what attached threads write, from a detached one. relaxed: what has to be seen in order is
/// guarded by PoolObject::submitting.
template <class T>
T look_at(const T& attribute) noexcept {
    return std::atomic_ref(const_cast<T&>(attribute)).load(std::memory_order_relaxed);
}

/// Whether the pool's attributes say that it takes calls.
inline bool accepts_work(const PoolObject& self) noexcept {
    const PyObject* const broken = look_at(self.broken);
    return look_at(self.shutdown) == 0 && !self.state->pools_are_closed.load() &&
           (broken == nullptr || broken == Py_False);
}

/// Puts a _WorkItem into the queue, as a call of a C++ function if it is one. False with an exception set.
bool put_work(WorkQueueObject& queue, State& state, PyObject* item);

/// submit() for C++: Interface::pool_submit and start_worker.
bool submit_detached(PoolObject& self, py::NativeCall* call) noexcept;
bool submit_attached(PyObject* self, py::NativeCall* call);

inline bool is_work_queue(const State& state, PyObject* object) noexcept {
    return object != nullptr && Py_TYPE(object) == state.work_queue_type;
}

}  // namespace threadwise::python
