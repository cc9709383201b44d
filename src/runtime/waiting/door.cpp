#include "runtime/waiting/door.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/deadlock/report.hpp"
#include "runtime/deadlock/watch.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/waiting/blocking_hooks.hpp"
#include "runtime/waiting/sleeping_at_door.hpp"
#include "runtime/waiting/spin.hpp"
#include "runtime/waiting/spinning.hpp"
#include "runtime/waiting/wait_places.hpp"

namespace threadwise::runtime {
namespace {

trace::Outcome outcome_of(Wakeup how) noexcept {
    if (how == Wakeup::timed_out) return trace::Outcome::timed_out;
    return how == Wakeup::woken ? trace::Outcome::woken : trace::Outcome::interrupted;
}

/// The ident of the thread that had what is waited for when the waiter, whose card that is, fell asleep; 0: none.
std::uint32_t holder_then(const WaitSite& site, const Card& card) noexcept {
    if (site.across_processes) return 0;
    // relaxed: the thread's own note.
    return site.owner_word == nullptr
               ? site.owner
               : static_cast<std::uint32_t>(card.holder.load(std::memory_order_relaxed)) & owner_mask;
}

trace::Event event_of(const WaitSite& site, Wakeup how, std::uint32_t waker, const Card& card) noexcept {
    return {.type = trace::EventType::wait,
            .kind = static_cast<std::uint8_t>(site.kind),
            .outcome = outcome_of(how),
            .across_processes = site.across_processes,
            .ident = how == Wakeup::woken ? waker : holder_then(site, card),
            .begin = trace::nanoseconds_at(site.since),
            .end = trace::nanoseconds_at(platform::now()),
            .subject = reinterpret_cast<std::uintptr_t>(site.object)};
}

}  // namespace

platform::Instant deadline_after(Timeout timeout) noexcept {
    if (timeout.is_forever()) return platform::never;
    const platform::Instant now = platform::now();
    return timeout.duration() >= platform::never - now ? platform::never : now + timeout.duration();
}

Waiting::Waiting(const WaitSite& site, std::stop_token stop)
    : record_(this_record()), site_(site), stop_(std::move(stop)), end_(site.deadline) {
    pass_checkpoint(record_);
    if (const detail::WaitParts* const whole = record_.wait_parts) {
        site_.since = whole->since;
        site_.deadline = whole->deadline;
        if (whole->joined != 0) {
            site_.kind = WaitKind::join;
            site_.owner = whole->joined;
        }
    } else {
        site_.since = platform::now();
    }
    site_.stoppable = stop_.stop_possible();
    run_before_wait(record_);  // first: a hook that waits writes its own wait down
    record_.site.write(site_);
}

Waiting::~Waiting() {
    on_stop_.reset();
    record_.site.write(WaitSite{});
    pass_checkpoint(record_);
    run_after_wait(record_);
}

void Waiting::turn_to(const WaitSite& site) noexcept {
    on_stop_.reset();
    interruptible_ = false;
    const platform::Instant since = site_.since;
    site_ = site;
    site_.since = since;
    site_.deadline = end_ = platform::never;
    site_.may_fail = false;
    record_.site.write(site_);
}

bool Waiting::spin(const void* address, FunctionRef<bool()> ready, Pace pace) {
    if (!may_spin(record_)) return false;
    // An insistent waiter loses its patience after several times what it costs to pass a lock from core to core: so
    // the lock stays with one thread for many acquisitions, but not for long.
    constexpr std::array pacing{Pacing{2}, Pacing{16}, Pacing{64}, Pacing{64, std::chrono::microseconds(3)}};
    return spin_until(bucket_of(address).spins, end_, pacing.at(static_cast<std::size_t>(pace)), ready);
}

Wakeup Waiting::park(const void* address, FunctionRef<bool()> validate, Claim claim) {
    Bucket& bucket = bucket_of(address);
    DeadlockWatch watch(record_, site_);
    {
        const platform::InternalHold hold(bucket.lock);
        if (!validate()) return Wakeup::refused;
        record_.parker.reset();
        record_.wait_node.requeued = false;
        record_.wait_node.entitled = claim == Claim::entitled;
        if (record_.wait_node.entitled) {
            bucket.push_front(record_, address);
        } else {
            bucket.push_back(record_, address);
        }
        watch.begin(bucket);
    }
    return sleep(watch);
}

Wakeup Waiting::park_and_spin(const void* address, FunctionRef<bool()> validate, FunctionRef<void()> before_sleep) {
    Bucket& bucket = bucket_of(address);
    DeadlockWatch watch(record_, site_);
    {
        const platform::InternalHold hold(bucket.lock);
        if (!validate()) return Wakeup::refused;
        record_.parker.reset();
        record_.wait_node.requeued = false;
        record_.wait_node.entitled = false;
        bucket.push_back(record_, address);
        watch.begin(bucket);
    }
    try {
        before_sleep();
    } catch (...) {
        // If somebody has woken us meanwhile, its notification must not reach a later wait.
        if (!withdraw()) {
            while (sleep_once(platform::never, platform::never) != Parker::State::notified) {}
        }
        throw;
    }
    auto notified = [this] { return record_.parker.look() == Parker::State::notified; };
    if (spin(address, notified)) return Wakeup::woken;
    return sleep(watch);
}

/// `look`: when to wake besides, only to look for deadlocks.
Parker::State Waiting::sleep_once(platform::Instant deadline, platform::Instant look) noexcept {
    const SleepingAtDoor sleeping(record_, deadline == platform::never ? OwnEnd::no : OwnEnd::yes);
    return record_.parker.sleep(std::min(deadline, look));
}

/// Lets the hooks know, and ask to be called again.
void Waiting::prepare_to_sleep() noexcept {
    record_.look_up_at = platform::never;
    run_before_sleep(record_);
}

void Waiting::note_on_card(Card& card) noexcept {
    card.note_holder(site_);
    embed::WaitPlace place;
    if (find_wait_place(place)) {
        record_.last_place = {};  // the card no longer has its text
        card.note_place(place.file.data(), place.function.data(), place.line);
    } else {
        card.note_place(site_.where, record_.last_place);
    }
}

void Waiting::begin_sleep() {
    prepare_to_sleep();
    if (record_.card != nullptr) note_on_card(*record_.card);
    if (interruptible_ && stop_.stop_possible() && !on_stop_) on_stop_.emplace(stop_, Stopper{record_});
}

/// A sleep has ended so: the thread's ring gets an event.
Wakeup Waiting::recorded(Wakeup how, std::uint32_t waker) noexcept {
    if (!record_.ring.is_off()) record_.ring.write_wait(event_of(site_, how, waker, *record_.card));
    return how;
}

Wakeup Waiting::sleep(DeadlockWatch& watch) {
    begin_sleep();
    const Wakeup how = sleep_until_woken(watch);
    return recorded(how, record_.wait_node.waker);
}

Wakeup Waiting::sleep_until_woken(DeadlockWatch& watch) {
    // A stop or an interrupt that came before we were queued has kicked in vain: look before the first sleep.
    bool look_up = true;
    bool kicked = false;
    // Once somebody has taken us out of the queue, or moved us to another, the wake-up is certain: wait for it.
    bool may_give_up = true;
    for (;;) {
        if (look_up && may_give_up && must_end(kicked)) {
            if (withdraw()) return Wakeup::interrupted;
            may_give_up = false;
        }
        const platform::Instant end = may_give_up ? std::min(end_, wake_at_) : platform::never;
        const platform::Instant wake = std::min(end, record_.look_up_at);
        const platform::Instant look = watch.due();
        const Parker::State state = sleep_once(wake, look);
        if (state == Parker::State::notified) return Wakeup::woken;
        look_up = kicked = state == Parker::State::kicked;
        if (state == Parker::State::timed_out && look < wake) {
            watch.look();
            continue;
        }
        const bool timed_out = state == Parker::State::timed_out;
        if (timed_out && wake == end) {
            if (withdraw()) return Wakeup::timed_out;
            may_give_up = false;
        }
        if (kicked || (timed_out && wake != end)) prepare_to_sleep();
    }
}

/// The loop of a sleep that does not end by a wake-up from the parking table. `sleep` sleeps until an instant; from
/// `next_look` on the caller looks again, woken or not.
template <class Sleep>
Wakeup Waiting::sleep_until_ready(platform::Instant next_look, Sleep sleep) {
    const platform::Instant end = std::min(end_, wake_at_);
    for (bool kicked = false;;) {
        if (must_end(kicked)) return Wakeup::interrupted;
        const SleepingAtDoor sleeping(record_, OwnEnd::yes);
        const Parker::State state = sleep(std::min({end, next_look, record_.look_up_at}));
        if (state == Parker::State::waiting) return Wakeup::woken;
        kicked = state == Parker::State::kicked;
        if (!kicked) {
            const platform::Instant now = platform::now();
            if (now >= end) return Wakeup::timed_out;
            if (now >= next_look) return Wakeup::woken;
        }
        prepare_to_sleep();
    }
}

template <class Sleep>
Wakeup Waiting::sleep_beside(platform::Instant next_look, Sleep sleep) {
    record_.parker.reset();
    begin_sleep();
    return recorded(sleep_until_ready(next_look, sleep), 0);
}

Wakeup Waiting::sleep_shared(platform::AwaitedWord shared) {
    return sleep_beside(platform::now() + longest_shared_sleep,
                        [&](platform::Instant until) { return record_.parker.sleep_beside(shared, until); });
}

Wakeup Waiting::sleep_on(platform::AwaitedDescriptor awaited) {
    return sleep_beside(platform::never,
                        [&](platform::Instant until) { return record_.parker.sleep_beside(awaited, until); });
}

void Waiting::name_owner(std::uint32_t native_id) noexcept {
    if (site_.owner == native_id) return;
    site_.owner = native_id;
    record_.site.write(site_);
}

bool Waiting::must_end(bool kicked) noexcept {
    if (!interruptible_) return false;
    if (stop_.stop_requested() || record_.interrupt_requested.load()) return true;
    if (is_doomed(record_, site_.since)) return true;
    // Hooks are asked only when a signal handler may have run. relaxed: see signal_main().
    const bool signalled = record_.signalled.load(std::memory_order_relaxed);
    if (!(kicked || signalled) || !any_hook_wants_signal(record_)) return false;
    if (signalled) record_.signalled.store(false, std::memory_order_relaxed);
    return true;
}

bool Waiting::withdraw() noexcept {
    return with_bucket_of(record_, [&](Bucket& bucket) THREADWISE_REQUIRES(bucket.lock) {
        const bool still_here = record_.wait_node.queued && !record_.wait_node.requeued;
        if (still_here) bucket.remove(record_);
        return still_here;
    });
}

void look_up(ThreadRecord& record) noexcept { record.parker.kick(); }

void interrupt(ThreadRecord& record) noexcept {
    record.interrupt_requested.store(true);
    record.parker.kick();
}

bool take_interrupt(ThreadRecord& record) noexcept { return record.interrupt_requested.exchange(false); }

}  // namespace threadwise::runtime
