#include "futures/futures_set.hpp"

#include <algorithm>

namespace threadwise::python {

bool FuturesSet::fill(State& state, PyObject* iterable) {
    const Ref set = Ref::steal(PySet_New(iterable));
    const Ref iterator = Ref::steal(set ? PyObject_GetIter(set.get()) : nullptr);
    if (!iterator) return false;
    futures_.reserve(static_cast<std::size_t>(PySet_GET_SIZE(set.get())));
    while (Ref future = Ref::steal(PyIter_Next(iterator.get()))) {
        if (!is_future(state, future.get())) {
            PyErr_Format(PyExc_TypeError, "wait() and as_completed() take futures of threadwise's, not '%s'",
                         Py_TYPE(future.get())->tp_name);
            return false;
        }
        futures_.push_back(std::move(future));
    }
    return PyErr_Occurred() == nullptr;
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
