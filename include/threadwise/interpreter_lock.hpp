#pragma once
// InterpreterLock: a global interpreter lock as a component (Python: the GIL).
//
// An interpreter that is not thread-safe, run by many threads, one at a time. It differs from a Lock in three ways:
//
// - It is released by itself while its holder waits in threadwise (any lock, queue, future, join, sleep), and taken
//   again before the waiting function returns. Around waits of the system, allow_threads() releases it.
// - A thread that computes gives it up now and then: the interpreter calls checkpoint() every so many instructions.
// - It knows who waits and who computes. A thread that comes back from a wait is let in at the next checkpoint, and
//   does not wait for the end of the holder's turn: there is no convoy, in which each reply of a server takes as long
//   as the turns of all that compute (D. Beazley, "Understanding the Python GIL", 2010). How much of the time those may
//   take from the threads that compute is bounded, see InterpreterLockOptions::computing_share.
//
// docs/interpreter-lock.md has the rules by which it is handed on, and what follows from them.
//
// Cost: uncontended, inline: acquire is one compare-and-swap, release a plain store; checkpoint() is a plain load when
// nobody asks. A hand-over to a thread that spins is well below a microsecond.

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "threadwise/detail/interpreter/interpreter_words.hpp"
#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/detail/waiting/interpreter_hooks.hpp"
#include "threadwise/embed/blocking_hooks.hpp"
#include "threadwise/export.hpp"
#include "threadwise/interpreter_lock_options.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace detail {
class InterpreterTurns;
}  // namespace detail

/// Thread-safe. Acquiring synchronises with the release before it. Must not be destroyed while a thread holds it or is
/// in one of its functions. A thread holds one InterpreterLock at a time.
///
/// After fork() the child's lock is as that of the parent's forking thread was, with nobody waiting for it. If another
/// thread held it, it stays held.
class THREADWISE_API InterpreterLock final : private BlockingHooks {
public:
    using Options = InterpreterLockOptions;
    using Statistics = InterpreterStatistics;

    /// Throws ValueError for options that are out of range.
    explicit InterpreterLock(Options options = {});
    ~InterpreterLock();

    /// Waits for as long as it takes. Throws InterruptedError if interrupt() ends the wait, RuntimeError if the calling
    /// thread holds this or another InterpreterLock.
    void lock(SourceLocation where = SourceLocation::current()) {
        if (!take_uncontended()) [[unlikely]]
            acquire_slow(true, forever, where);
    }

    /// Takes it if it is free; never waits. Throws RuntimeError if the calling thread holds another InterpreterLock.
    bool try_lock() { return take_uncontended() || acquire_slow(false, forever, {}); }

    /// Throws RuntimeError if the calling thread does not hold it.
    void unlock() {
        if (!is_held()) [[unlikely]]
            refuse_release();
        leave();
    }

    /// As Lock::acquire: true once taken; false if not `blocking` and held, or not free within `timeout`. Throws as
    /// lock(), and ValueError for a timeout with blocking = false and for a negative one.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return (timeout.is_forever() && take_uncontended()) || acquire_slow(blocking, timeout, where);
    }

    /// The same, but also ends, with false, when stop is requested.
    bool acquire(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current());

    /// unlock().
    void release() { unlock(); }

    /// Whether any thread held it a moment ago.
    bool locked() const noexcept;

    /// Whether the calling thread holds it.
    bool is_held() const noexcept { return detail::interpreter_hooks == this; }

    /// A safe point: here the interpreter's state is whole, so that another thread may go on. If one asks for the lock
    /// and its time has come, it is handed over, and the call returns when it is this thread's turn again; no interrupt
    /// ends that wait. May throw RuntimeError if the calling thread does not hold the lock.
    void checkpoint() {
        // relaxed: a hint; a thread that asks finds the holder at its next safe point or at the one after.
        if (words_.asked.load(std::memory_order_relaxed) != 0) [[unlikely]]
            make_way();
    }

    /// See allow_threads().
    class [[nodiscard]] AllowThreads {
    public:
        ~AllowThreads() { lock_.take_back(where_); }
        AllowThreads(const AllowThreads&) = delete;
        AllowThreads& operator=(const AllowThreads&) = delete;

    private:
        friend class InterpreterLock;
        AllowThreads(InterpreterLock& lock, SourceLocation where) : lock_(lock), where_(where) { lock_.unlock(); }

        InterpreterLock& lock_;
        SourceLocation where_;
    };

    /// Releases the lock for as long as the returned object lives (C API: Py_BEGIN_ALLOW_THREADS): around system calls
    /// that wait, and work that does not touch the interpreter. No interrupt ends the wait to take it again. Throws
    /// RuntimeError if the calling thread does not hold it.
    AllowThreads allow_threads(SourceLocation where = SourceLocation::current()) { return {*this, where}; }

    /// May be called by any thread at any time.
    Statistics statistics() const;

private:
    friend class ScopedInterpreter;

    bool take_uncontended() noexcept {
        if (detail::interpreter_hooks != nullptr) return false;
        std::uint32_t free = 0;
        const std::uint32_t me = detail::this_ident;
        // acquire: pairs with give_up(). A thread without ident leaves the word as it is, and fails.
        if (!words_.word.compare_exchange_strong(free, me, std::memory_order_acquire, std::memory_order_relaxed) ||
            me == 0) {
            return false;
        }
        enter(me);
        return true;
    }

    void leave() noexcept {
        detail::interpreter_hooks = nullptr;
        give_up();
    }

    /// The calling thread has it now.
    void enter(std::uint32_t me) noexcept {
        // relaxed: only the holder writes these; to others they are statistics.
        if (last_holder_.load(std::memory_order_relaxed) != me) {
            last_holder_.store(me, std::memory_order_relaxed);
            switches_.store(switches_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        }
        detail::interpreter_hooks = this;
    }

    void give_up() noexcept {
        // relaxed: a thread that comes to wait makes up for it, as with OwnerWord::release().
        if (words_.slow.load(std::memory_order_relaxed) != 0) [[unlikely]] {
            give_up_slow();
            return;
        }
        // release: publishes what the holder did to the next one.
        words_.word.store(0, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (words_.slow.load(std::memory_order_relaxed) != 0) [[unlikely]]
            offer_slow();
    }

    void take_back(SourceLocation where) noexcept {
        if (!take_uncontended()) [[unlikely]]
            take_back_slow(where);
    }

    bool acquire_slow(bool blocking, Timeout timeout, SourceLocation where);
    void give_up_slow() noexcept;
    void offer_slow() noexcept;
    void take_back_slow(SourceLocation where) noexcept;
    void make_way();
    [[noreturn]] static void refuse_release();

    // Around each wait of the holder.
    void before_wait() noexcept override { give_up(); }
    void after_wait() noexcept override;

    alignas(64) detail::InterpreterWords words_;
    std::atomic<std::uint32_t> last_holder_{0};
    std::atomic<std::uint64_t> switches_{0};
    std::unique_ptr<detail::InterpreterTurns> turns_;
};

/// Holds an InterpreterLock for a scope. In a thread that holds it already it does nothing, so that a callback need not
/// know what thread calls it (C API: PyGILState_Ensure).
class [[nodiscard]] ScopedInterpreter {
public:
    explicit ScopedInterpreter(InterpreterLock& lock, SourceLocation where = SourceLocation::current())
        : lock_(lock.is_held() ? nullptr : &lock) {
        if (lock_ != nullptr) lock_->lock(where);
    }
    ~ScopedInterpreter() {
        if (lock_ != nullptr && lock_->is_held()) lock_->leave();
    }
    ScopedInterpreter(const ScopedInterpreter&) = delete;
    ScopedInterpreter& operator=(const ScopedInterpreter&) = delete;

private:
    InterpreterLock* lock_;
};

}  // namespace threadwise
