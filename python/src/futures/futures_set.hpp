#pragma once

/// \file
/// The futures that wait() and as_completed() are given.

#include <Python.h>

#include <cstddef>
#include <vector>

#include "base/reference.hpp"
#include "futures/future.hpp"

namespace threadwise::python {

/// Each future of an iterable once, owned.
class FuturesSet {
public:
    /// False, with an exception set, if that is not iterable or has something else in it.
    bool fill(State& state, PyObject* iterable);

    std::size_t size() const noexcept { return futures_.size(); }
    FutureObject& operator[](std::size_t i) const noexcept { return *reinterpret_cast<FutureObject*>(object(i)); }
    PyObject* object(std::size_t i) const noexcept { return futures_[i].get(); }

    /// Gives the reference to the caller; that place is empty from now on.
    PyObject* release(std::size_t i) noexcept { return futures_[i].release(); }

    std::vector<threadwise::detail::FutureState*> states() const;

    /// Waits for changes that somebody is making under the futures' conditions.
    bool settle() const;

    int traverse(visitproc visit, void* arg) const;
    void clear() { futures_.clear(); }

private:
    std::vector<Ref> futures_;
};

}  // namespace threadwise::python
