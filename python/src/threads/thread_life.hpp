#pragma once

/// \file
/// What is known of a thread that Python started, by others than itself: it outlives the thread, and its Python object.

#include <Python.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "threadwise/event.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {

struct Beginning;

/// One thread, from before its start until nobody asks any more. Thread-safe.
struct ThreadLife {
    enum class State : unsigned char { unstarted, starting, running, done };

    std::atomic<State> state{State::unstarted};
    std::atomic<unsigned long> ident{0};          ///< as threading.get_ident() has it; 0: unstarted
    std::atomic<std::uint32_t> library_ident{0};  ///< threadwise::get_ident() of a thread that runs; 0: not known
    bool daemon = false;                          ///< written before the start
    /// It runs no more of Python, and lets the interpreter's lock go next: the holder of that lock has nothing left to
    /// wait for. Never true without such a lock.
    std::atomic<bool> has_run{false};
    /// Set once it is known to the interpreter, which from then on is finalised with regard to it; or never will be.
    Event known;
    /// What it was to run, if there was no memory for its state: see expect_begun().
    std::atomic<Beginning*> abandoned{nullptr};
    /// Set when it has ended and the interpreter has forgotten it.
    Event done;
    std::size_t place = 0;  ///< in the list, guarded by its lock

    /// True for one caller, which may start the thread.
    bool begin() noexcept {
        State unstarted = State::unstarted;
        return state.compare_exchange_strong(unstarted, State::starting);
    }

    /// The calling thread is the one that runs.
    void run() noexcept;
    void end() {
        state.store(State::done);
        done.set();
    }
    bool is_current() const noexcept;
    /// As the holder of the interpreter's lock sees it: join() returns at once.
    bool has_ended() const noexcept { return has_run.load() || done.is_set(); }
};

/// The threads of one interpreter that have been started and have not ended. Thread-safe; its lock is never held while
/// anything of Python runs.
class ThreadLives {
public:
    void add(std::shared_ptr<ThreadLife> life);
    void remove(ThreadLife& life);

    /// Any that the interpreter has to wait for before it ends, other than the calling thread; null if there is none.
    std::shared_ptr<ThreadLife> any_to_join();

    /// Any that the interpreter does not know yet; null if there is none.
    std::shared_ptr<ThreadLife> any_unknown();

    /// In a forked child: all but the calling thread have ended.
    void forget_others();

    /// How many run Python code.
    std::atomic<long> running{0};

private:
    Lock lock_;
    std::vector<std::shared_ptr<ThreadLife>> lives_;
};

}  // namespace threadwise::python
