#include "threading/interpreter_turns.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <thread>

#include "platform/asymmetric_fence.hpp"
#include "runtime/fork.hpp"
#include "threading/contended.hpp"

namespace threadwise::detail {
namespace {

using runtime::Wakeup;

constexpr std::uint32_t owner_mask = runtime::owner_mask;

// In `slow`, beside the two bits of the word:
constexpr std::uint32_t by_exchange = 1;  ///< there is no heavy fence: the word is freed by compare-and-swap
constexpr std::uint32_t measured = 2;     ///< each turn is measured

struct alignas(64) Stripe {
    platform::InternalLock lock;
};

// Shared, because a lock inside each InterpreterLock could not be held over a fork. A program has one or a few.
constinit std::array<Stripe, 8> stripes;

platform::InternalLock& stripe_of(const InterpreterLock& lock) noexcept {
    return stripes[(reinterpret_cast<std::uintptr_t>(&lock) / alignof(InterpreterLock)) % stripes.size()].lock;
}

/// How many forks lie between the first process and this one: waiters of another count are not in this process.
constinit std::atomic<std::uint32_t> forks{0};

// relaxed: the child has no other thread yet, and those that it starts see it.
std::uint32_t fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

std::uint32_t always_slow(const InterpreterLockOptions& options) noexcept {
    return (platform::enable_heavy_fence() ? 0 : by_exchange) | (options.measure_held ? measured : 0);
}

[[maybe_unused]] const bool armed = [] {
    for (Stripe& stripe : stripes) runtime::hold_over_fork(stripe.lock);
    runtime::at_fork_in_child([]() noexcept { forks.fetch_add(1, std::memory_order_relaxed); });
    return true;
}();

}  // namespace

void InterpreterLine::push_back(InterpreterWaiter& waiter) noexcept {
    waiter.next = nullptr;
    waiter.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &waiter;
    last_ = &waiter;
}

void InterpreterLine::push_front(InterpreterWaiter& waiter) noexcept {
    waiter.next = first_;
    waiter.previous = nullptr;
    (first_ == nullptr ? last_ : first_->previous) = &waiter;
    first_ = &waiter;
}

void InterpreterLine::remove(InterpreterWaiter& waiter) noexcept {
    (waiter.previous == nullptr ? first_ : waiter.previous->next) = waiter.next;
    (waiter.next == nullptr ? last_ : waiter.next->previous) = waiter.previous;
}

class InterpreterTurns::Guard {
public:
    explicit Guard(InterpreterTurns& turns) noexcept : hold_(turns.guard_) {
        if (turns.forks_ != fork_count()) turns.forget_waiters();
        now = platform::now();
    }

    platform::Instant now;

private:
    std::lock_guard<platform::InternalLock> hold_;
};

InterpreterTurns::InterpreterTurns(InterpreterLock& lock, const InterpreterLockOptions& options) noexcept
    : word_(lock.word_),
      asked_(lock.asked_),
      slow_(lock.slow_),
      guard_(stripe_of(lock)),
      measure_held_(options.measure_held),
      always_slow_(always_slow(options)),
      policy_(options.switch_interval, options.computing_share),
      forks_(fork_count()) {
    slow_.store(always_slow_);
    if (measure_held_) word_.store(InterpreterLock::contended);
}

bool InterpreterTurns::try_take(std::uint32_t ident) noexcept {
    const Guard guard(*this);
    if (!may_overtake(guard.now) || !seize_if_free()) return false;
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
        const std::uint32_t word = contend();
        if ((word & owner_mask) == 0 && may_overtake(guard.now)) {
            hold(ident, Kind::returning, guard.now, guard.now);
            return Wakeup::woken;
        }
        begin_contention(word, guard.now);
        returning_.push_back(me);
        look(me, guard.now);
        settle(guard.now);
    }
    return await_turn(me, waiting);
}

void InterpreterTurns::release(std::uint32_t ident) noexcept {
    // release: as on the fast path, which this is where there is no heavy fence.
    if (slow_.load() == by_exchange && word_.compare_exchange_strong(ident, 0, std::memory_order_release)) return;
    const Guard guard(*this);
    if (measure_held_) counted_.held += guard.now - held_since_;
    policy_.end_turn();
    word_.store(InterpreterLock::contended);
    offer(guard.now);
    settle(guard.now);
}

void InterpreterTurns::offer_if_free() noexcept {
    const Guard guard(*this);
    if (nobody_waits() || !seize_if_free()) return;
    policy_.end_turn();
    offer(guard.now);
    settle(guard.now);
}

void InterpreterTurns::make_way(const runtime::WaitSite& site) {
    std::optional<Waiter> me;
    {
        const Guard guard(*this);
        asked_.store(0);
        if (nobody_waits()) return;  // any more
        const bool demoted = policy_.demote(guard.now);
        if (demoted) word_.fetch_or(InterpreterLock::computing);
        if (Waiter* const next = next_after_holder(guard.now, demoted)) {
            if (measure_held_) counted_.held += guard.now - held_since_;
            ++counted_.forced_switches;
            const bool over = demoted || policy_.is_over(guard.now);
            me.emplace(runtime::this_record().ident, Kind::computing, guard.now);
            if (!over) me->used = policy_.used(guard.now);
            over ? computing_.push_back(*me) : computing_.push_front(*me);
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
        // Where it spins says what its spins are remembered by.
        if (!me.soon || !waiting.spin(&line_of(me.kind), is_called)) {
            waiting.wake_at(me.look_at);
            wakeup = waiting.park(&me, [&] { return !is_called(); });
            // Before it takes a turn, and this core with it: the system may have woken others here in the same moment,
            // among them one that comes back from its wait, and would let it wait for the next tick.
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
            if (seize_if_free()) offer(guard.now);
            settle(guard.now);
            return wakeup;
        }
        look(me, guard.now);
        settle(guard.now);
    }
}

/// Whether a newcomer may take the lock, if it is free, before those who wait.
bool InterpreterTurns::may_overtake(platform::Instant now) const noexcept {
    return computing_.empty() || policy_.returning_first(now);
}

bool InterpreterTurns::take_if_called(Waiter& me, platform::Instant now) noexcept {
    me.state.store(Waiter::State::waiting);
    if (designated_ == &me) designated_ = nullptr;
    if (!seize_if_free()) return false;
    if (next_in_line(now) != &me) {
        offer(now);
        return false;
    }
    leave_line(me, now);
    hold(me.ident, me.kind, now - me.used, now);
    return true;
}

/// The lock has been granted, and now its holder runs.
void InterpreterTurns::accept(Waiter& me, platform::Instant now) noexcept {
    policy_.begin_turn(me.kind, now - me.used);
    held_since_ = now;
    settle(now);
}

void InterpreterTurns::hold(std::uint32_t ident, Kind kind, platform::Instant began, platform::Instant now) noexcept {
    policy_.begin_turn(kind, began);
    held_since_ = now;
    asked_.store(0);
    word_.store(ident | InterpreterLock::contended | (kind == Kind::computing ? InterpreterLock::computing : 0));
    settle(now);
}

/// Of a lock that is free.
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
    asked_.store(0);
    word_.store(waiter.ident | InterpreterLock::contended |
                (waiter.kind == Kind::computing ? InterpreterLock::computing : 0));
    waiter.state.store(Waiter::State::granted);
    runtime::unpark_one(&waiter, [](runtime::Sleeper) { return std::optional<std::uint32_t>(0); });
    // The waiter is alive until we let go of the guard, which it takes before it goes on.
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
    asked_.store(1);
    // Again after having waited for twice as long: the lock may get another holder, or this one's next safe point be
    // far.
    me.look_at = now + std::max(policy_.burst(), now - me.since);
    me.soon = true;
}

/// Keeps the fast paths away from now on; returns the word as it was until then.
std::uint32_t InterpreterTurns::contend() noexcept {
    if (slow_.load() == 0) {
        slow_.store(InterpreterLock::contended);
        platform::heavy_fence();
    }
    return word_.fetch_or(InterpreterLock::contended);
}

/// True: the lock is free, and nobody can take it but under the guard. To be followed by hold(), offer() or settle().
bool InterpreterTurns::seize_if_free() noexcept {
    if ((word_.load() & owner_mask) != 0) return false;
    return (word_.fetch_or(InterpreterLock::contended) & owner_mask) == 0;
}

/// Somebody is about to wait, where the word was this. If nobody did before, only that the holder is computing is known
/// of its turn; otherwise its burst begins now.
void InterpreterTurns::begin_contention(std::uint32_t word, platform::Instant now) noexcept {
    if (nobody_waits() && (word & InterpreterLock::computing) == 0) {
        policy_.begin_turn(Kind::returning, now);
    }
}

/// After each change, and last: lets the fast paths in again if nobody waits.
void InterpreterTurns::settle(platform::Instant now) noexcept {
    policy_.observe(now, !computing_.empty());
    const bool contended = !nobody_waits();
    const std::uint32_t bits =
        (contended ? InterpreterLock::contended : 0) | (word_.load() & InterpreterLock::computing);
    slow_.store(bits | always_slow_);
    if (!contended && !measure_held_) word_.fetch_and(~InterpreterLock::contended);
}

void InterpreterTurns::leave_line(Waiter& waiter, platform::Instant now) noexcept {
    line_of(waiter.kind).remove(waiter);
    if (designated_ == &waiter) designated_ = nullptr;
    counted_.waited += now - waiter.since;
    // Who has become the first of those who compute has to watch the clock.
    Waiter* const first = computing_.first();
    if (waiter.kind == Kind::computing && first != nullptr && first->look_at == platform::never) call(*first);
}

void InterpreterTurns::forget_waiters() noexcept {
    forks_ = fork_count();
    returning_ = {};
    computing_ = {};
    designated_ = nullptr;
    asked_.store(0);
    settle(platform::now());
}

}  // namespace threadwise::detail
