#pragma once
// InterpreterLock: a global interpreter lock as a component (Python: the GIL).
//
// An interpreter that is not thread-safe, run by many threads, one at a time. It differs from a Lock in three ways:
//
// - It is released by itself while its holder waits in threadwise (any lock, queue, future, join, sleep), and taken
//   again before the waiting function returns. Around waits of the system, allow_threads() releases it.
// - Who computes gives it up now and then: the interpreter calls checkpoint() every so many instructions.
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
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "threadwise/blocking_hooks.hpp"
#include "threadwise/detail/held_interpreter.hpp"
#include "threadwise/detail/ident.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace detail {
class InterpreterTurns;
class InterpreterWord;
}  // namespace detail

/// What may be chosen when an InterpreterLock is made.
struct InterpreterLockOptions {
    /// The turn of a thread that computes while others that compute wait (Python: sys.setswitchinterval). Above zero.
    std::chrono::nanoseconds switch_interval = std::chrono::milliseconds(5);

    /// What the threads that compute keep together, however much those want that come back from waits: 0 to below 1.
    /// What the others do not use they get, too.
    double computing_share = 0.8;

    /// Whether InterpreterStatistics::held is measured. If so, each acquire and release reads the clock.
    bool measure_held = false;
};

/// What an InterpreterLock has counted since it was made.
struct InterpreterStatistics {
    std::chrono::nanoseconds held{};    ///< for how long it was held; zero unless InterpreterLockOptions::measure_held
    std::chrono::nanoseconds waited{};  ///< for how long threads waited for it, added up
    std::uint64_t switches = 0;         ///< how often it was taken by another thread than the one before
    std::uint64_t forced_switches = 0;  ///< how often it was given up at a checkpoint because another thread asked
};

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
    bool is_held() const noexcept { return detail::held_interpreter == this; }

    /// A safe point: here the interpreter's state is whole, so that another thread may go on. If one asks for the lock
    /// and its time has come, it is handed over, and the call returns when it is this thread's turn again; no interrupt
    /// ends that wait. May throw RuntimeError if the calling thread does not hold the lock.
    void checkpoint() {
        // relaxed: a hint; whoever asks finds the holder at its next safe point or at the one after.
        if (asked_.load(std::memory_order_relaxed) != 0) [[unlikely]]
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
    friend class detail::InterpreterWord;
    friend class ScopedInterpreter;

    /// The holder's ident in the bits of runtime::owner_mask, and two that keep the fast paths away:
    static constexpr std::uint32_t computing = 1U << 30;  ///< the holder is known to compute
    static constexpr std::uint32_t contended = 1U << 31;  ///< others wait, or time is measured

    bool take_uncontended() noexcept {
        if (detail::held_interpreter != nullptr) return false;
        std::uint32_t free = 0;
        const std::uint32_t me = detail::this_ident;
        // acquire: pairs with give_up(). A thread without ident leaves the word as it is, and fails.
        if (!word_.compare_exchange_strong(free, me, std::memory_order_acquire, std::memory_order_relaxed) || me == 0) {
            return false;
        }
        enter(me);
        return true;
    }

    void leave() noexcept {
        detail::held_interpreter = nullptr;
        give_up();
    }

    /// The calling thread has it now.
    void enter(std::uint32_t me) noexcept {
        // relaxed: only the holder writes these; to others they are statistics.
        if (last_holder_.load(std::memory_order_relaxed) != me) {
            last_holder_.store(me, std::memory_order_relaxed);
            switches_.store(switches_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        }
        detail::held_interpreter = this;
    }

    void give_up() noexcept {
        // relaxed: who comes to wait makes up for it, as with OwnerWord::release().
        if (slow_.load(std::memory_order_relaxed) != 0) [[unlikely]] {
            give_up_slow();
            return;
        }
        // release: publishes what the holder did to the next one.
        word_.store(0, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (slow_.load(std::memory_order_relaxed) != 0) [[unlikely]]
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

    alignas(64) std::atomic<std::uint32_t> word_{0};
    std::atomic<std::uint32_t> asked_{0};
    std::atomic<std::uint32_t> slow_{0};  ///< whether the holder must release it by the slow path
    std::atomic<std::uint32_t> last_holder_{0};
    std::atomic<std::uint64_t> switches_{0};
    std::unique_ptr<detail::InterpreterTurns> turns_;
};

/// Holds an InterpreterLock for a scope. In a thread that holds it already it does nothing, so that a callback need not
/// know who calls it (C API: PyGILState_Ensure).
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
