#pragma once
// Calls to user code, and what becomes of whatever leaves them.

#include <exception>
#include <utility>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// In a `catch (...)`: the exception that is being handled, never null. One that is no C++ exception becomes a
/// ForeignExceptionError. If the thread is being unwound to its end, that goes on instead.
THREADWISE_API std::exception_ptr handled_exception();

/// A ThreadExitError.
THREADWISE_API std::exception_ptr thread_exit() noexcept;

/// Calls `call()`. What it throws is given to `failed(std::exception_ptr)`, outside of any handler. If pthread_exit()
/// or a cancellation ends the thread meanwhile, `failed` gets a ThreadExitError, and the unwinding goes on. All calls
/// of user code whose exceptions are kept or reported are made here. Returns whether `call` returned.
///
/// While a thread is being unwound to its end, nothing can end it once more: the program is terminated if `failed`
/// does.
template <class Call, class Failed>
bool call_user_code(Call&& call, Failed&& failed) {
    // A destructor sees the unwinding without stopping it.
    struct OnThreadExit {
        Failed& failed;
        bool unwinds = true;
        ~OnThreadExit() {
            if (unwinds) failed(thread_exit());
        }
    } on_thread_exit{failed};
    std::exception_ptr failure;
    try {
        std::forward<Call>(call)();
    } catch (...) {
        failure = handled_exception();
    }
    on_thread_exit.unwinds = false;
    if (failure == nullptr) return true;
    failed(std::move(failure));
    return false;
}

/// Calls `function` when it goes, also when that is because the thread is being unwound to its end.
template <class Function>
class Finally {
public:
    explicit Finally(Function function) : function_(std::move(function)) {}
    ~Finally() noexcept(false) { function_(); }
    Finally(const Finally&) = delete;
    Finally& operator=(const Finally&) = delete;

private:
    Function function_;
};

}  // namespace threadwise::detail
