#include "futures/futures_set.hpp"

#include <new>

namespace threadwise::python {

namespace {

/// Whether a subclass has its state where we look for it: -1 with an exception set.
int keeps_state_here(const State& state, PyTypeObject* type) {
    for (const char* const name : {"_state", "_condition", "_waiters", "cancelled", "exception"}) {
        const Ref theirs = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name));
        const Ref ours = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(state.future_type), name));
        if (!theirs || !ours) return -1;
        if (theirs.get() != ours.get()) return 0;
    }
    return 1;
}

}  // namespace

int FuturesSet::fill(const State& state, PyObject* set) try {
    const Ref iterator = Ref::steal(PyObject_GetIter(set));
    if (!iterator) return -1;
    futures_.reserve(static_cast<std::size_t>(PySet_GET_SIZE(set)));
    const PyTypeObject* known = state.future_type;
    while (Ref future = Ref::steal(PyIter_Next(iterator.get()))) {
        if (Py_TYPE(future.get()) != known) {
            if (!is_future(state, future.get())) return 0;
            const int here = keeps_state_here(state, Py_TYPE(future.get()));
            if (here <= 0) return here;
            known = Py_TYPE(future.get());
        }
        futures_.push_back(std::move(future));
    }
    return PyErr_Occurred() == nullptr ? 1 : -1;
} catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return -1;
}

Ref call_waiters(const char* name, PyObject* futures, PyObject* timeout, PyObject* return_when) {
    const Ref module = Ref::steal(PyImport_ImportModule("threadwise.concurrent.futures._waiters"));
    if (!module) return {};
    return Ref::steal(PyObject_CallMethod(module.get(), name, return_when == nullptr ? "OO" : "OOO", futures,
                                          timeout == nullptr ? Py_None : timeout, return_when));
}

std::vector<threadwise::detail::FutureState*> FuturesSet::states() const {
    std::vector<threadwise::detail::FutureState*> states;
    states.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) states.push_back(&(*this)[i].core);
    return states;
}

bool FuturesSet::settle() const {
    for (std::size_t i = 0; i < size(); ++i) {
        if (!python::settle((*this)[i])) return false;
    }
    return true;
}

int FuturesSet::traverse(visitproc visit, void* arg) const {
    for (const Ref& future : futures_) Py_VISIT(future.get());
    return 0;
}

}  // namespace threadwise::python
