#pragma once

/// \file
/// The lock of a Condition: a Lock or an RLock of ours, used without a detour, or any object that behaves as one.

#include <Python.h>

#include <cstdint>

#include "base/reference.hpp"
#include "module/state.hpp"

namespace threadwise::python {

/// Stays as it is; thread-safe. Functions that return int give -1 with an exception set on failure.
class AnyLock {
public:
    /// Keeps a reference to the lock.
    AnyLock(const State& state, PyObject* lock) noexcept;

    PyObject* object() const noexcept { return object_; }

    /// For the collector.
    template <class Visit>
    void visit_references(Visit visit) {
        visit(object_);
    }

    /// What the lock's own methods return.
    PyObject* acquire(PyObject* const* args, Py_ssize_t count, PyObject* names) const;
    PyObject* release() const;
    PyObject* enter() const;
    PyObject* exit(PyObject* const* args, Py_ssize_t count) const;

    /// The lock's own `_release_save()` and `_acquire_restore()`; for one that has none, release() and acquire().
    PyObject* release_save() const;
    PyObject* acquire_restore(PyObject* saved) const;

    /// Whether the calling thread holds it, or for a Lock, whether anybody does.
    int is_owned() const;

    /// What give_up() remembers for take_back(), for locks that are taken several times.
    struct Saved {
        std::uint32_t count = 0;
        Ref state;
    };

    /// Frees it, however often it was taken.
    int give_up(Saved& saved) const;
    /// Takes it as often as before. Nothing but a failing method of a lock that is not ours keeps it from succeeding:
    /// if a signal handler raises in the middle of the wait, the lock is taken nevertheless, and -1 is returned then.
    int take_back(const Saved& saved) const;

private:
    enum class Kind : unsigned char { lock, rlock, other };

    /// At once, if it is one of ours and free.
    bool try_take() const;

    PyObject* object_;
    const Kind kind_;
};

}  // namespace threadwise::python
