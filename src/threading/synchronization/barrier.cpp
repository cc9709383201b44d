// The word counts arrivals for ever, so that one addition tells a thread its number, which meeting that belongs to, and
// whether it completes it. A thread waits for a target: the number of arrivals that completes its meeting. With
// an action, it is not the last arrival that releases the meeting, but `released_`, after the action has run.
//
// A broken or resetting barrier is shut: arrivals no longer count, and `released_` says where the count stood. A
// waiter then finds out whether its meeting had been complete before. Waiters whose meeting was not must leave before
// the barrier opens again, at the beginning of a new meeting: so none of them mistakes a later meeting for its own.
//
// state_, leaving_ and released_ change under the lock of the parking bucket, as does the word where it is not a
// matter of one arrival.

#include "threadwise/barrier.hpp"

#include <algorithm>
#include <string>

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

constexpr std::uint64_t has_waiters = 1;  // somebody may sleep here
constexpr std::uint64_t shut_bit = 2;
constexpr std::uint64_t one_arrival = 4;
constexpr std::uint64_t no_target = UINT64_MAX;

}  // namespace

/// One call of wait().
struct Barrier::Visit {
    std::stop_token stop;
    runtime::WaitSite site;
};

Barrier::Barrier(std::int64_t parties, std::function<void()> action, Timeout timeout)
    : parties_(static_cast<std::uint32_t>(parties)), action_(std::move(action)), timeout_(timeout) {
    if (parties < 1 || parties > max()) {
        throw ValueError("a barrier must be for 1 to Barrier::max() threads, and not for " + std::to_string(parties));
    }
}

std::size_t Barrier::wait(std::stop_token stop, Timeout timeout, SourceLocation where) {
    // acq_rel: publishes what this thread did, and sees what those did that came before.
    const std::uint64_t old = word_.fetch_add(one_arrival, std::memory_order_acq_rel);
    std::uint64_t number = old / one_arrival;
    const bool last = number % parties_ == parties_ - 1;
    if (last && (old & (shut_bit | has_waiters)) == 0 && !action_) return parties_ - 1;

    Visit visit{std::move(stop),
                {.kind = runtime::WaitKind::barrier,
                 .object = this,
                 .where = where,
                 .deadline = runtime::deadline_after(timeout)}};
    if ((old & shut_bit) != 0) number = enter(visit);
    const std::uint64_t index = number % parties_;
    const std::uint64_t target = number - index + parties_;
    if (index != parties_ - 1) {
        if (await(visit, target) == Outcome::broken) fail();
    } else if (action_) {
        run_action(visit, target);
    } else {
        wake_all();
    }
    return index;
}

std::uint64_t Barrier::enter(Visit& visit) {
    for (;;) {
        if (broken()) throw BrokenBarrierError("the barrier is broken: reset() makes it usable again");
        await_reopening(visit);
        const std::uint64_t old = word_.fetch_add(one_arrival, std::memory_order_acq_rel);  // as in wait()
        if ((old & shut_bit) == 0) return old / one_arrival;
    }
}

void Barrier::await_reopening(Visit& visit) {
    runtime::Waiting waiting(visit.site, visit.stop);
    // relaxed: state_ changes under the bucket's lock.
    const runtime::Wakeup wakeup =
        waiting.park(this, [this] { return state_.load(std::memory_order_relaxed) == State::resetting; });
    if (!threading::succeeded(wakeup, visit.stop)) {
        throw BrokenBarrierError("the barrier was being reset for longer than the timeout of this wait");
    }
}

Barrier::Outcome Barrier::look(std::uint64_t target) const noexcept {
    // acquire, both: what the others did before they came is visible to a released thread.
    const std::uint64_t word = word_.load(std::memory_order_acquire);
    const bool by_word = (word & shut_bit) == 0 && !action_;
    const std::uint64_t released = by_word ? word / one_arrival : released_.load(std::memory_order_acquire);
    if (released >= target) return Outcome::released;
    return (word & shut_bit) != 0 ? Outcome::broken : Outcome::open;
}

Barrier::Outcome Barrier::await(Visit& visit, std::uint64_t target) {
    if (const Outcome outcome = look(target); outcome != Outcome::open) return outcome;
    runtime::Waiting waiting(visit.site, visit.stop);
    for (;;) {
        Outcome outcome = Outcome::open;
        auto decided = [&] { return (outcome = look(target)) != Outcome::open; };
        if (waiting.spin(this, decided)) return outcome;
        const runtime::Wakeup wakeup = waiting.park(this, [&] {
            // relaxed: the arrival that completes the meeting finds the mark, or is found by the look that follows.
            word_.fetch_or(has_waiters, std::memory_order_relaxed);
            return !decided();
        });
        if (wakeup == runtime::Wakeup::timed_out || wakeup == runtime::Wakeup::interrupted) {
            if (!shut(State::broken, target)) {
                // All have come; if there is an action, it has yet to end, and nothing ends the wait for that.
                if (decided()) return outcome;
                waiting.turn_to(visit.site);
                continue;
            }
            if (wakeup == runtime::Wakeup::timed_out || visit.stop.stop_requested()) return Outcome::broken;
            leave();
            threading::succeeded(wakeup);
        }
        if (decided()) return outcome;
    }
}

void Barrier::run_action(Visit& visit, std::uint64_t target) {
    // With more threads than parties the next meeting can be complete before this one's action has run.
    if (await(visit, target - parties_) == Outcome::broken) fail();
    try {
        action_();
    } catch (...) {
        shut(State::broken, target, Meetings::any);
        leave();
        throw;
    }
    bool released = false;
    runtime::unpark(this, SIZE_MAX, [&] {
        // relaxed: the bit changes under the bucket's lock.
        released = (word_.load(std::memory_order_relaxed) & shut_bit) == 0;
        // release: pairs with look().
        if (released) released_.store(target, std::memory_order_release);
    });
    if (!released) fail();
}

/// Breaks or resets the current meeting. False: all have come to the one of that target, and only `which` could say
/// that it is to be broken all the same.
bool Barrier::shut(State state, std::uint64_t target, Meetings which) noexcept {
    bool done = false;
    runtime::unpark(this, SIZE_MAX, [&] {
        if (look(target) == Outcome::released) return;
        done = true;
        std::uint64_t word = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        while ((word & shut_bit) == 0) {
            const std::uint64_t arrivals = word / one_arrival;
            if (arrivals >= target && which == Meetings::incomplete) {
                done = false;
                return;
            }
            // With an action released_ says it already. relaxed: published by the exchange, whose release pairs with
            // look().
            if (!action_) released_.store(arrivals, std::memory_order_relaxed);
            const std::uint64_t unfinished =
                action_ ? arrivals - released_.load(std::memory_order_relaxed) : arrivals % parties_;
            if (state == State::resetting && unfinished == 0) return;
            if (word_.compare_exchange_weak(word, word | shut_bit, std::memory_order_acq_rel,
                                            std::memory_order_relaxed)) {
                leaving_ = unfinished;
                break;
            }
        }
        // A thread that gives up at a barrier that is shut already changes nothing.
        if ((word & shut_bit) == 0 || target == no_target) state_.store(state, std::memory_order_release);
        if (state == State::resetting && leaving_ == 0) reopen();
    });
    return done;
}

void Barrier::leave() noexcept {
    runtime::unpark(this, SIZE_MAX, [this] {
        // relaxed: state_ changes under the bucket's lock.
        if (--leaving_ == 0 && state_.load(std::memory_order_relaxed) == State::resetting) reopen();
    });
}

/// Under the bucket's lock, when nobody of the broken meeting is left.
void Barrier::reopen() noexcept {
    const std::uint64_t released = released_.load(std::memory_order_relaxed);
    const std::uint64_t beginning = (released + parties_ - 1) / parties_ * parties_;
    released_.store(beginning, std::memory_order_relaxed);
    // release: a thread that arrives from now on sees all of this.
    word_.exchange(beginning * one_arrival, std::memory_order_acq_rel);
    state_.store(State::open, std::memory_order_release);
}

void Barrier::wake_all() noexcept {
    // The mark goes first: a thread that sleeps on for the next meeting sets it again.
    runtime::unpark(this, SIZE_MAX, [this] { word_.fetch_and(~has_waiters, std::memory_order_relaxed); });
}

void Barrier::fail() {
    leave();
    throw BrokenBarrierError("the barrier was broken or reset while this thread waited");
}

void Barrier::reset() { shut(State::resetting, no_target); }

void Barrier::abort() { shut(State::broken, no_target); }

std::size_t Barrier::n_waiting() const noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);  // relaxed, both: a snapshot
    if ((word & shut_bit) != 0) return 0;
    const std::uint64_t arrivals = word / one_arrival;
    const std::uint64_t released = action_ ? released_.load(std::memory_order_relaxed) : arrivals / parties_ * parties_;
    return static_cast<std::size_t>(arrivals > released ? std::min<std::uint64_t>(arrivals - released, parties_) : 0);
}

}  // namespace threadwise
