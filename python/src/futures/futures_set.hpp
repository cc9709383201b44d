#pragma once

/// \file
/// The futures that wait() and as_completed() are given.

#include <Python.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "base/reference.hpp"
#include "futures/future.hpp"

namespace threadwise::python {

/// Each future once, owned.
class FuturesSet {
public:
    /// From a set. 0: there is something in it that is none of our futures, or not in all that wait() looks at. -1 with
    /// an exception set.
    int fill(const State& state, PyObject* set);

    std::size_t size() const noexcept { return futures_.size(); }
    FutureObject& operator[](std::size_t i) const noexcept { return *reinterpret_cast<FutureObject*>(object(i)); }
    PyObject* object(std::size_t i) const noexcept { return futures_[i].get(); }

    /// Gives the reference to the caller; that place is empty from now on.
    PyObject* release(std::size_t i) noexcept { return futures_[i].release(); }

    std::vector<threadwise::detail::FutureState*> states() const;

    /// Waits for changes that somebody is making under the futures' conditions.
    bool settle() const;

    int traverse(visitproc visit, void* arg) const;
    /// Empty first, as what dies with them may come here again.
    void clear() { const std::vector<Ref> dying = std::move(futures_); }

private:
    std::vector<Ref> futures_;
};

/// threadwise.concurrent.futures._waiters.NAME(futures, timeout, ...): for sets with other objects, which have the
/// attributes of a Future. Null with an exception set on failure.
Ref call_waiters(const char* name, PyObject* futures, PyObject* timeout, PyObject* return_when);

}  // namespace threadwise::python
