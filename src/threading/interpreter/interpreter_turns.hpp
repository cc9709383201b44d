#pragma once

/// \file
/// The slow paths of InterpreterLock: how threads wait for it, and how it passes from one to the next.
///
/// Invariant: while the lock is free and threads wait, one of the waiters has been called (unparked to take the lock)
/// and has not answered yet. So no wake-up is lost.
///
/// The lock passes in two ways. A thread that releases it leaves it free and calls the next in line; a thread that is
/// awake may take it before that one has woken (barging). A waiter that has been overtaken for longer than `patience`
/// (gate.hpp) is granted the lock: handed off. A holder that gives the lock up at a checkpoint always hands it off, as
/// it would otherwise overtake the next in line itself.
///
/// Only waiters measure time, and of the computing ones only the first in line. They ask the holder to make way, by the
/// lock's `asked` word, once the policy says so.

#include <cstdint>
#include <stop_token>

#include "platform/clock.hpp"
#include "platform/internal_lock.hpp"
#include "platform/thread_safety.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/interpreter/interpreter_line.hpp"
#include "threading/interpreter/interpreter_word.hpp"
#include "threading/interpreter/turn_policy.hpp"
#include "threadwise/detail/interpreter/interpreter_words.hpp"
#include "threadwise/interpreter_lock_options.hpp"

namespace threadwise::detail {

class InterpreterTurns {
public:
    InterpreterTurns(InterpreterWords& words, const InterpreterLockOptions& options) noexcept;

    /// Takes the lock if it is free and the thread may overtake those that wait.
    bool try_take(std::uint32_t ident) noexcept;

    /// Waits for it: `woken` once it is taken. `keep_on`: nothing interrupts the wait.
    runtime::Wakeup take(const runtime::WaitSite& site, const std::stop_token& stop, bool keep_on);

    /// Releases the lock, which the calling thread holds; `ident` is that thread's.
    void release(std::uint32_t ident) noexcept;

    /// Called by a thread that has released the lock by the fast path and then saw that threads wait.
    void offer_if_free() noexcept;

    /// Called by a holder that was asked to make way: hands the lock off if that is due, and waits for the next turn.
    void make_way(const runtime::WaitSite& site);

    /// Adds the numbers that are counted here.
    void add_to(InterpreterStatistics& statistics) noexcept;

private:
    using Kind = threading::TurnKind;
    using Waiter = InterpreterWaiter;

    /// Holds the guard; the first to do so in a forked child forgets the parent's waiters.
    class Guard;

    runtime::Wakeup await_turn(Waiter& me, runtime::Waiting& waiting) noexcept;
    bool may_overtake(platform::Instant now) const noexcept THREADWISE_REQUIRES(guard_);
    bool take_if_called(Waiter& me, platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);
    void accept(Waiter& me, platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);
    void hold(std::uint32_t ident, Kind kind, platform::Instant began, platform::Instant now) noexcept
        THREADWISE_REQUIRES(guard_);

    Waiter* next_in_line(platform::Instant now) const noexcept THREADWISE_REQUIRES(guard_);
    Waiter* next_after_holder(platform::Instant now, bool demoted) const noexcept THREADWISE_REQUIRES(guard_);
    void offer(platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);
    void grant(Waiter& waiter, platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);
    void call(Waiter& waiter) noexcept THREADWISE_REQUIRES(guard_);
    void look(Waiter& me, platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);

    void settle(platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);
    void leave_line(Waiter& waiter, platform::Instant now) noexcept THREADWISE_REQUIRES(guard_);
    InterpreterLine& line_of(Kind kind) noexcept { return kind == Kind::returning ? returning_ : computing_; }
    bool nobody_waits() const noexcept THREADWISE_REQUIRES(guard_) { return returning_.empty() && computing_.empty(); }
    void forget_waiters() noexcept THREADWISE_REQUIRES(guard_);

    platform::InternalLock& guard_;
    InterpreterWord word_;
    const bool measure_held_;

    threading::TurnPolicy policy_ THREADWISE_GUARDED_BY(guard_);
    InterpreterLine returning_ THREADWISE_GUARDED_BY(guard_);
    InterpreterLine computing_ THREADWISE_GUARDED_BY(guard_);
    Waiter* designated_ THREADWISE_GUARDED_BY(guard_) =
        nullptr;  ///< the waiter that has been called to take the lock and has not answered yet
    std::uint32_t forks_ THREADWISE_GUARDED_BY(guard_);

    platform::Instant held_since_ THREADWISE_GUARDED_BY(guard_){};
    InterpreterStatistics counted_ THREADWISE_GUARDED_BY(guard_);
};

}  // namespace threadwise::detail
