#pragma once

/// \file
/// Lets few threads at a time ask for the interpreter's lock.
///
/// Where a thousand waits end at once, each thread that asks for the lock asks again after every switch interval: the
/// work grows with the square of their number, and all of it is in vain. Here the others sleep until one of those that
/// ask has got the lock, in the order in which they came.

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "base/finalization.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/semaphore.hpp"

namespace threadwise::python {

/// Those of all interpreters: each has its own, unless many have locks of their own. Never destroyed, as threads wait
/// there until the process ends.
class Turnstiles {
public:
    /// Calls `take(thread_state)`, which takes the lock of that thread's interpreter.
    template <class Take>
    void pass(PyThreadState* thread_state, Take take) {
#ifdef Py_GIL_DISABLED
        take(thread_state);
#else
        // The lock is for one thread alone now; the others sleep there for good, and may have a turn.
        if (is_finalizing()) return take(thread_state);
        const Turn turn(turnstile_of(thread_state));
        take(thread_state);
#endif
    }

    /// In a forked child: nobody asks.
    void forget_others() noexcept {
        for (Semaphore& turnstile : turnstiles_) new (&turnstile) Semaphore(at_a_time);
    }

private:
    /// The right to ask, until the lock has been got.
    class Turn {
    public:
        explicit Turn(Semaphore& turnstile) noexcept : turnstile_(turnstile) {
            while (!enter()) {}
        }
        ~Turn() { turnstile_.release(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        /// False: a signal came. The thread looks for those once it has the lock.
        bool enter() noexcept {
            try {
                return turnstile_.acquire();
            } catch (const InterruptedError&) {
                return false;
            }
        }

        Semaphore& turnstile_;
    };

    Semaphore& turnstile_of(PyThreadState* thread_state) noexcept {
        // The states of interpreters lie far from each other, and their addresses end in zeros.
        const auto address = reinterpret_cast<std::uintptr_t>(PyThreadState_GetInterpreter(thread_state));
        return turnstiles_[(address >> 12) % count];
    }

    static constexpr std::size_t count = 4;
    /// One sleeps on the lock, and the next is on its way there meanwhile.
    static constexpr std::int64_t at_a_time = 2;

    Semaphore turnstiles_[count]{Semaphore(at_a_time), Semaphore(at_a_time), Semaphore(at_a_time),
                                 Semaphore(at_a_time)};
};

}  // namespace threadwise::python
