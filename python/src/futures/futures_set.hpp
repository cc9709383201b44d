#pragma once

/// \file
/// The set of futures that wait() or as_completed() waits for.

#include <Python.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "base/reference.hpp"
#include "futures/future.hpp"

namespace threadwise::python {

/// Owns a reference to each future; no future occurs twice.
class FuturesSet {
public:
    /// Fills it from a Python set. 0: an object in it is no Future of ours, or overrides something that wait() relies
    /// on. -1 with an exception set.
    int fill(const State& state, PyObject* set);

    std::size_t size() const noexcept { return futures_.size(); }
    FutureObject& operator[](std::size_t i) const noexcept { return *reinterpret_cast<FutureObject*>(object(i)); }
    PyObject* object(std::size_t i) const noexcept { return futures_[i].get(); }

    /// Gives the reference to the caller, and leaves null in its place.
    PyObject* release(std::size_t i) noexcept { return futures_[i].release(); }

    std::vector<threadwise::detail::FutureState*> states() const;

    /// settle() for each future.
    bool settle() const;

    int traverse(visitproc visit, void* arg) const;
    /// Drops the references after it is empty, as that may run Python code that uses it.
    void clear() { const std::vector<Ref> dying = std::move(futures_); }

private:
    std::vector<Ref> futures_;
};

/// threadwise.concurrent.futures._waiters.NAME(futures, timeout, ...): for sets with other objects, which have the
/// attributes of a Future. Null with an exception set on failure.
Ref call_waiters(const char* name, PyObject* futures, PyObject* timeout, PyObject* return_when);

}  // namespace threadwise::python
