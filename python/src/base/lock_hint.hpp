#pragma once

/// \file
/// A guess at whether the interpreter's lock is free.
///
/// A thread that asks for it while another holds it goes to sleep on a condition variable at once, and to wake an idle
/// core for it costs more than all the rest of a hand-over. A thread whose wait is over mostly finds the lock held by
/// the one that ended its wait, and that is about to wait itself. So it spins a little first, for as long as that pays.

#include <Python.h>

#include <atomic>

#include "threadwise/embed/spinning.hpp"

namespace threadwise::python {

/// One for the process. Threads that compute, or that let the lock go elsewhere, make the guess wrong, as do
/// interpreters with a lock of their own: then somebody spins in vain, or not at all, which the spin's memory learns.
class alignas(64) LockHint {  // all waiters look at it: nothing else may lie in its cache line
public:
    void taken(const PyThreadState* by) noexcept { holder_.store(by, std::memory_order_relaxed); }

    /// After it was let go: somebody else may have taken it by now.
    void let_go(const PyThreadState* by) noexcept {
        holder_.compare_exchange_strong(by, nullptr, std::memory_order_relaxed);
    }

    /// Without the lock: waits until it looks free, or until waiting does not pay.
    void await_free() noexcept {
        if (is_free(this)) return;
        embed::spin(this, is_free, this);
    }

private:
    static bool is_free([[maybe_unused]] const void* hint) noexcept {
#ifdef Py_GIL_DISABLED
        return true;  // there is no such lock
#else
        return static_cast<const LockHint*>(hint)->holder_.load(std::memory_order_relaxed) == nullptr;
#endif
    }

    /// Never followed. Relaxed everywhere: a guess.
    std::atomic<const PyThreadState*> holder_{nullptr};
};

}  // namespace threadwise::python
