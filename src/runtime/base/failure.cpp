#include "threadwise/detail/runtime/failure.hpp"

#include <cxxabi.h>

#include "runtime/base/exception_of.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {

// What a forced unwinding is caught as is a reference to nothing: see cxxabi_forced.h.
__attribute__((no_sanitize("null"))) std::exception_ptr handled_exception() {
    if (std::exception_ptr exception = std::current_exception()) return exception;
    try {
        throw;
    } catch (const abi::__forced_unwind&) {
        throw;
    } catch (...) {
        return runtime::exception_of<ForeignExceptionError>(
            "something that is not a C++ exception was thrown: it comes from code in another language, or from another "
            "C++ runtime; catch it there");
    }
}

std::exception_ptr thread_exit() noexcept {
    return runtime::exception_of<ThreadExitError>(
        "the thread that made the call was ended by pthread_exit() or pthread_cancel() before the call "
        "was through");
}

}  // namespace threadwise::detail
