// Futures that C++ code ends, on threads that are not attached to the interpreter.

#include "futures/future.hpp"

#include "base/exceptions.hpp"
#include "base/field.hpp"

namespace threadwise::python {

bool FutureCore::finish_natively(py::NativeOutcome outcome) noexcept {
    if (done() || native() != nullptr || !claim_end()) return false;
    if (!try_start() && done()) return false;                 // it was cancelled: one that runs cannot be
    native_.store(outcome.value, std::memory_order_release);  // release: see native()
    if (outcome.failed) {
        fail(PythonError::pointer());
    } else {
        finish();
    }
    return true;
}

void FutureCore::force(Status status) noexcept {
    // relaxed: as in claim_end()
    if (status < Status::cancelled) watch_.fetch_and(static_cast<unsigned char>(~claimed), std::memory_order_relaxed);
    FutureState::force(status);
}

bool adopt_native(FutureObject& self) {
    auto* const future = reinterpret_cast<PyObject*>(&self);
    const bool failed = self.core.has_failed();
    PyObject*& outcome = failed ? self.exception : self.result;
    if (read_field(future, outcome)) return true;
    NativeItem* const value = self.core.native();
    Ref object = Ref::steal(value->to_python(value));
    if (object) return static_cast<bool>(read_or_make_field(future, outcome, [&] { return std::move(object); }));
    // If the conversion raises, that becomes the future's exception.
    return static_cast<bool>(read_or_make_field(future, self.exception, take_raised));
}

}  // namespace threadwise::python
