#pragma once

/// \file
/// What is known of a thread that Python started, by others than itself: it outlives the thread, and its Python object.

#include <Python.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "threadwise/event.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {

/// One thread, from before its start until nobody asks any more. Thread-safe.
struct ThreadLife {
    enum class State : unsigned char { unstarted, starting, running, done };

    std::atomic<State> state{State::unstarted};
    std::atomic<unsigned long> ident{0};      ///< as threading.get_ident() has it; 0: unstarted
    std::atomic<unsigned long> native_id{0};  ///< the kernel's number; 0 until it runs
    bool daemon = false;                      ///< written before the start
    /// Set once it is known to the interpreter, which from then on is finalised with regard to it.
    Event known;
    /// Set when it has ended and the interpreter has forgotten it.
    Event done;
    std::size_t place = 0;  ///< in the list, guarded by its lock

    /// True for one caller, who may start the thread.
    bool begin() noexcept {
        State unstarted = State::unstarted;
        return state.compare_exchange_strong(unstarted, State::starting);
    }

    /// The thread runs, with these numbers: the calling thread's.
    void run() noexcept;
    void end() {
        state.store(State::done);
        done.set();
    }
    bool is_current() const noexcept;
};

/// The threads of one interpreter that have been started and have not ended. Thread-safe; its lock is never held while
/// anything of Python runs.
class ThreadLives {
public:
    void add(std::shared_ptr<ThreadLife> life);
    void remove(ThreadLife& life);

    /// Any that the interpreter has to wait for before it ends, other than the calling thread; null if there is none.
    std::shared_ptr<ThreadLife> any_to_join();

    /// In a forked child: all but the calling thread have ended.
    void forget_others();

    /// How many run Python code.
    std::atomic<long> running{0};

private:
    Lock lock_;
    std::vector<std::shared_ptr<ThreadLife>> lives_;
};

}  // namespace threadwise::python
