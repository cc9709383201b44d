#include "base/logging.hpp"

#include "base/exceptions.hpp"

namespace threadwise::python {
namespace {

/// threadwise._logging.function(...). What goes wrong with logging must not hinder what is logged.
template <class... Arguments>
void call(const char* function, const char* format, Arguments... arguments) {
    const Ref module = Ref::steal(PyImport_ImportModule("threadwise._logging"));
    if (module && Ref::steal(PyObject_CallMethod(module.get(), function, format, arguments...))) return;
    PyErr_WriteUnraisable(nullptr);
}

}  // namespace

bool log_exception(const char* message, PyObject* about) {
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0) return false;
    const Ref exception = take_raised();
    const Handling handling(exception);
    call("error", "sOO", message, exception.get(), about);
    return true;
}

void log_critical_exception(const char* message) {
    const Ref exception = take_raised();
    const Handling handling(exception);
    call("critical", "sO", message, exception.get());
}

void log_critical(const Ref& message) {
    if (!message) return PyErr_Clear();
    call("critical", "OO", message.get(), Py_None);
}

}  // namespace threadwise::python
