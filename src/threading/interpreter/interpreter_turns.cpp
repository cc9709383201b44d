#include "threading/interpreter/interpreter_turns.hpp"

#include <algorithm>
#include <optional>
#include <thread>

#include "runtime/base/fork.hpp"
#include "threading/interpreter/interpreter_guard.hpp"
#include "threading/synchronization/gate.hpp"

namespace threadwise::detail {

using runtime::Wakeup;

class THREADWISE_HOLD InterpreterTurns::Guard {
public:
    // Not checked: clang does not follow a lock that a member holds.
    explicit Guard(InterpreterTurns& turns) noexcept THREADWISE_ACQUIRES(turns.guard_) THREADWISE_UNCHECKED
        : hold_(turns.guard_) {
        if (turns.forks_ != runtime::fork_depth()) turns.forget_waiters();
        now = platform::now();
    }
    ~Guard() THREADWISE_RELEASES() THREADWISE_UNCHECKED {}  // NOLINT(modernize-use-equals-default): for the attributes
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    platform::Instant now;

private:
    platform::InternalHold hold_;
};

InterpreterTurns::InterpreterTurns(InterpreterWords& words, const InterpreterLockOptions& options) noexcept
    : guard_(interpreter_guard(&words)),
      word_(words, options.measure_held),
      measure_held_(options.measure_held),
      policy_(options.switch_interval, options.computing_share),
      forks_(runtime::fork_depth()) {}

bool InterpreterTurns::try_take(std::uint32_t ident) noexcept {
    const Guard guard(*this);
    if (!may_overtake(guard.now) || !word_.seize_if_free()) return false;
    hold(ident, Kind::returning, guard.now, guard.now);
    return true;
}

Wakeup InterpreterTurns::take(const runtime::WaitSite& site, const std::stop_token& stop, bool keep_on) {
    const std::uint32_t ident = runtime::this_record().ident;
    if (try_take(ident)) return Wakeup::woken;
    if (site.deadline <= platform::now()) return Wakeup::timed_out;
    runtime::Waiting waiting(site, stop);
    if (keep_on) waiting.turn_to(site);
    Waiter me(ident, Kind::returning, waiting.since());
    {
        const Guard guard(*this);
        const InterpreterWord::Past before = word_.close();
        if (before.free && may_overtake(guard.now)) {
            hold(ident, Kind::returning, guard.now, guard.now);
            return Wakeup::woken;
        }
        // If no thread has waited so far, it is unknown when the holder's turn began: unless it is known to compute,
        // its burst counts from now.
        if (nobody_waits() && !before.computing) policy_.begin_turn(Kind::returning, guard.now);
        returning_.push_back(me);
        look(me, guard.now);
        settle(guard.now);
    }
    return await_turn(me, waiting);
}

void InterpreterTurns::release(std::uint32_t ident) noexcept {
    if (word_.release_uncontended(ident)) return;
    const Guard guard(*this);
    if (measure_held_) counted_.held += guard.now - held_since_;
    policy_.end_turn();
    word_.free();
    offer(guard.now);
    settle(guard.now);
}

void InterpreterTurns::offer_if_free() noexcept {
    const Guard guard(*this);
    if (nobody_waits() || !word_.seize_if_free()) return;
    policy_.end_turn();
    offer(guard.now);
    settle(guard.now);
}

void InterpreterTurns::make_way(const runtime::WaitSite& site) {
    std::optional<Waiter> me;
    {
        const Guard guard(*this);
        word_.ask_no_more();
        if (nobody_waits()) return;  // the waiter that asked has given up
        const bool demoted = policy_.demote(guard.now);
        if (demoted) word_.mark_computing();
        if (Waiter* const next = next_after_holder(guard.now, demoted)) {
            if (measure_held_) counted_.held += guard.now - held_since_;
            ++counted_.forced_switches;
            const bool over = demoted || policy_.is_over(guard.now);
            me.emplace(runtime::this_record().ident, Kind::computing, guard.now);
            if (!over) me->used = policy_.used(guard.now);
            if (over) {
                computing_.push_back(*me);
            } else {
                computing_.push_front(*me);
            }
            grant(*next, guard.now);
            look(*me, guard.now);
        }
        settle(guard.now);
    }
    if (!me) return;
    runtime::Waiting waiting(site);
    waiting.turn_to(site);
    await_turn(*me, waiting);
}

void InterpreterTurns::add_to(InterpreterStatistics& statistics) noexcept {
    const Guard guard(*this);
    statistics.held += counted_.held;
    statistics.waited += counted_.waited;
    statistics.forced_switches += counted_.forced_switches;
}

Wakeup InterpreterTurns::await_turn(Waiter& me, runtime::Waiting& waiting) noexcept {
    // acquire: pairs with the store in call() and grant(); what the last holder did is visible.
    const auto is_called = [&me] { return me.state.load(std::memory_order_acquire) != Waiter::State::waiting; };
    for (;;) {
        Wakeup wakeup = Wakeup::woken;
        // The address tells spin() which earlier spins to judge its chances by.
        if (!me.soon || !waiting.spin(&line_of(me.kind), is_called)) {
            waiting.wake_at(me.look_at);
            wakeup = waiting.park(&me, [&] { return !is_called(); });
            // Before a computing thread takes this core: a returning thread may have woken on it at the same moment,
            // and would have to wait for the scheduler's next tick.
            if (wakeup == Wakeup::timed_out && me.kind == Kind::computing) std::this_thread::yield();
        }
        const Guard guard(*this);
        if (me.state == Waiter::State::granted) {
            accept(me, guard.now);
            return Wakeup::woken;
        }
        if (me.state == Waiter::State::called && take_if_called(me, guard.now)) return Wakeup::woken;
        const bool in_vain = wakeup == Wakeup::timed_out && guard.now >= waiting.deadline();
        if (in_vain || wakeup == Wakeup::interrupted) {
            leave_line(me, guard.now);
            if (word_.seize_if_free()) offer(guard.now);
            settle(guard.now);
            return wakeup;
        }
        look(me, guard.now);
        settle(guard.now);
    }
}

/// Whether a newcomer may take the lock, if it is free, before those that wait.
bool InterpreterTurns::may_overtake(platform::Instant now) const noexcept {
    return computing_.empty() || policy_.returning_first(now);
}

bool InterpreterTurns::take_if_called(Waiter& me, platform::Instant now) noexcept {
    me.state.store(Waiter::State::waiting);
    if (designated_ == &me) designated_ = nullptr;
    if (!word_.seize_if_free()) return false;
    if (next_in_line(now) != &me) {
        offer(now);
        return false;
    }
    leave_line(me, now);
    hold(me.ident, me.kind, now - me.used, now);
    return true;
}

/// Begins the turn of a thread that was granted the lock.
void InterpreterTurns::accept(Waiter& me, platform::Instant now) noexcept {
    policy_.begin_turn(me.kind, now - me.used);
    held_since_ = now;
    settle(now);
}

void InterpreterTurns::hold(std::uint32_t ident, Kind kind, platform::Instant began, platform::Instant now) noexcept {
    policy_.begin_turn(kind, began);
    held_since_ = now;
    word_.give_to(ident, kind);
    settle(now);
}

/// Which waiter may take the lock when it is free.
InterpreterTurns::Waiter* InterpreterTurns::next_in_line(platform::Instant now) const noexcept {
    if (returning_.empty()) return computing_.first();
    return computing_.empty() || policy_.returning_first(now) ? returning_.first() : computing_.first();
}

InterpreterTurns::Waiter* InterpreterTurns::next_after_holder(platform::Instant now, bool demoted) const noexcept {
    if (policy_.holder() == Kind::returning) return nullptr;
    if (!returning_.empty() && policy_.returning_first(now)) return returning_.first();
    return demoted || policy_.is_over(now) ? computing_.first() : nullptr;
}

/// The lock is free.
void InterpreterTurns::offer(platform::Instant now) noexcept {
    Waiter* const next = next_in_line(now);
    if (next == nullptr) return;
    if (now - next->since > threading::patience) {
        grant(*next, now);
    } else if (designated_ == nullptr) {
        designated_ = next;
        call(*next);
    }
}

void InterpreterTurns::grant(Waiter& waiter, platform::Instant now) noexcept {
    leave_line(waiter, now);
    policy_.promise(waiter.kind, now);
    word_.give_to(waiter.ident, waiter.kind);
    waiter.state.store(Waiter::State::granted);
    runtime::unpark_one(&waiter, [](runtime::Sleeper) { return std::optional<std::uint32_t>(0); });
    // The waiter stays alive until the guard is released, as it takes the guard before it returns.
}

void InterpreterTurns::call(Waiter& waiter) noexcept {
    waiter.state.store(Waiter::State::called);
    runtime::unpark_one(&waiter, [](runtime::Sleeper) { return std::optional<std::uint32_t>(0); });
}

/// Asks the holder to make way, if that is due, and decides when to look again.
void InterpreterTurns::look(Waiter& me, platform::Instant now) noexcept {
    if (me.kind == Kind::computing && computing_.first() != &me) {
        me.look_at = platform::never;
        me.soon = false;
        return;
    }
    const platform::Instant due = policy_.due(me.kind);
    if (due > now) {
        me.look_at = due;
        me.soon = policy_.holder() == Kind::returning;
        return;
    }
    word_.ask();
    // Look again once the wait has doubled: the lock may have another holder by then, or the holder may be far from its
    // next safe point.
    me.look_at = now + std::max(policy_.burst(), now - me.since);
    me.soon = true;
}

/// Called last after each change: enables the fast paths again if no thread waits.
void InterpreterTurns::settle(platform::Instant now) noexcept {
    policy_.observe(now, !computing_.empty());
    word_.open_unless(!nobody_waits());
}

void InterpreterTurns::leave_line(Waiter& waiter, platform::Instant now) noexcept {
    line_of(waiter.kind).remove(waiter);
    if (designated_ == &waiter) designated_ = nullptr;
    counted_.waited += now - waiter.since;
    // The waiter that has become the first of the computing ones has to measure time from now on.
    Waiter* const first = computing_.first();
    if (waiter.kind == Kind::computing && first != nullptr && first->look_at == platform::never) call(*first);
}

void InterpreterTurns::forget_waiters() noexcept {
    forks_ = runtime::fork_depth();
    returning_ = {};
    computing_ = {};
    designated_ = nullptr;
    word_.ask_no_more();
    settle(platform::now());
}

}  // namespace threadwise::detail
