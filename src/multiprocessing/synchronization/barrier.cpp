#include "threadwise/multiprocessing/barrier.hpp"

#include <climits>
#include <string>

#include "multiprocessing/synchronization/acquire.hpp"
#include "multiprocessing/synchronization/sleepers.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {

/// Holds the barrier's lock. If the last holder died in the middle of a change, the barrier is broken.
class Barrier::Section {
public:
    Section(Barrier& barrier, SourceLocation where) : barrier_(barrier) {
        detail::RobustWord& lock = barrier.lock_;
        if (lock.try_take() == detail::RobustWord::Take::taken) return;
        const runtime::WaitSite site = site_of(runtime::WaitKind::barrier, &barrier, where);
        runtime::Waiting waiting(site);
        waiting.turn_to(site);  // nothing interrupts it
        if (acquire(lock, waiting, Doubt::end).was_in_doubt) shut();
    }
    ~Section() { barrier_.lock_.release(); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

    void shut() noexcept {
        barrier_.broken_.store(true);
        barrier_.arrived_.store(0);
        tell();
    }

    /// After a change that waiters are to see.
    void tell() noexcept {
        barrier_.changes_.fetch_add(1);
        wake_counted(barrier_.waiters_, barrier_.changes_, INT_MAX);
    }

private:
    Barrier& barrier_;
};

Barrier::Barrier(std::int64_t parties, Timeout timeout)
    : parties_(static_cast<std::uint32_t>(parties)), timeout_(timeout.duration()) {
    if (parties < 1 || parties > max()) {
        throw ValueError("a barrier must be for 1 to Barrier::max() threads, and not for " + std::to_string(parties));
    }
}

/// Without the lock: what is read belongs together if nobody has reset the barrier meanwhile.
Barrier::Outcome Barrier::look(const Arrival& arrival) const noexcept {
    for (;;) {
        const std::uint64_t resets = resets_.load();
        const bool was_reset = resets != arrival.resets;
        const std::uint64_t completed = was_reset ? completed_at_reset_.load() : completed_.load();
        const bool broken = was_reset || broken_.load();
        if (resets_.load() != resets) continue;
        if (completed > arrival.completed && resets - arrival.resets <= 1) return Outcome::complete;
        return broken ? Outcome::broken : Outcome::open;
    }
}

/// A waiter cannot wait any longer: breaks the barrier, unless the outcome is known by now.
Barrier::Outcome Barrier::give_up(const Arrival& arrival, SourceLocation where) {
    Section section(*this, where);
    const Outcome outcome = look(arrival);
    if (outcome == Outcome::open) section.shut();
    return outcome;
}

std::size_t Barrier::wait(std::stop_token stop, Timeout timeout, SourceLocation where) {
    constexpr const char* was_broken = "the barrier was broken or reset while this thread waited";
    Arrival arrival{};
    std::size_t index = 0;
    {
        Section section(*this, where);
        if (broken_.load()) throw BrokenBarrierError("the barrier is broken: reset() makes it usable again");
        index = arrived_.load();
        if (index == parties_ - 1) {
            arrived_.store(0);
            completed_.fetch_add(1);
            section.tell();
            return index;
        }
        arrived_.store(static_cast<std::uint32_t>(index) + 1);
        arrival = {.completed = completed_.load(), .resets = resets_.load()};
    }

    auto wakeup = runtime::Wakeup::woken;
    Outcome outcome = Outcome::open;
    {
        runtime::Waiting waiting(site_of(runtime::WaitKind::barrier, this, where, runtime::deadline_after(timeout)),
                                 stop);
        const auto decided = [&] { return (outcome = look(arrival)) != Outcome::open; };
        waiting.spin(this, decided);
        // A holder of the lock that died may have been about to complete the meeting.
        while (outcome == Outcome::open && wakeup == runtime::Wakeup::woken && !lock_.is_in_doubt()) {
            const std::uint32_t changes = changes_.load();
            if (!decided()) wakeup = sleep_counted(waiting, waiters_, {changes_, changes});
        }
    }
    if (outcome == Outcome::open) outcome = give_up(arrival, where);
    if (outcome == Outcome::complete) return index;
    if (wakeup == runtime::Wakeup::interrupted && outcome == Outcome::open) threading::succeeded(wakeup, stop);
    throw BrokenBarrierError(was_broken);
}

void Barrier::reset(SourceLocation where) {
    Section section(*this, where);
    completed_at_reset_.store(completed_.load());
    resets_.fetch_add(1);
    broken_.store(false);
    arrived_.store(0);
    section.tell();
}

void Barrier::abort(SourceLocation where) {
    Section section(*this, where);
    section.shut();
}

}  // namespace threadwise::multiprocessing
