#include "multiprocessing/synchronization/acquire.hpp"

#include <climits>

#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/multiprocessing/owner_died.hpp"

namespace threadwise::multiprocessing {

using detail::RobustWord;
using Take = RobustWord::Take;

runtime::WaitSite site_of(runtime::WaitKind kind, const void* object, SourceLocation where,
                          platform::Instant deadline) noexcept {
    return {.kind = kind, .object = object, .across_processes = true, .where = where, .deadline = deadline};
}

void refuse_doubt() {
    throw OwnerDiedError(
        "a thread or process died while it held this lock, so what the lock guards may be half changed: call "
        "recover(), which takes the lock, and mend it");
}

Acquired acquire(RobustWord& word, runtime::Waiting& waiting, Doubt doubt) {
    // A thread that has slept leaves the waiters' bit set when it takes the word: it may not have been the only
    // sleeper.
    bool has_slept = false;
    Take take = Take::held;
    const auto try_take = [&] {
        if (word.is_held()) return false;
        take = word.try_take(has_slept);
        return take != Take::held;
    };
    for (;;) {
        if (try_take() || waiting.spin(&word, try_take, runtime::Pace::insistent)) {
            if (take == Take::taken) return {};
            // As the holder died the kernel woke one sleeper, but every one has to find out.
            platform::shared_futex_wake(&word.word(), INT_MAX);
            if (doubt == Doubt::refuse) refuse_doubt();
            if (word.try_take_in_doubt(doubt == Doubt::keep)) return {.was_in_doubt = true};
            continue;
        }
        const std::uint32_t seen = word.mark_waiters();
        if (seen == 0) continue;
        waiting.name_owner(seen & RobustWord::holder_bits);
        const runtime::Wakeup wakeup = waiting.sleep_shared({word.word(), seen});
        has_slept = true;
        if (wakeup == runtime::Wakeup::woken) continue;
        // The wake-up of a release may have come to this thread, which does not take the word any more.
        if (!word.is_held()) platform::shared_futex_wake(&word.word(), 1);
        return {.wakeup = wakeup};
    }
}

bool acquire(RobustWord& word, const runtime::WaitSite& site, const std::stop_token& stop) {
    switch (word.try_take()) {
        case Take::taken: return true;
        case Take::in_doubt: refuse_doubt();
        case Take::held: break;
    }
    runtime::Waiting waiting(site, stop);
    return threading::succeeded(acquire(word, waiting, Doubt::refuse).wakeup, stop);
}

bool recover(RobustWord& word, const runtime::WaitSite& site) {
    if (word.is_held_by_this_thread()) {
        const bool was_in_doubt = word.is_in_doubt();
        word.end_doubt();
        return was_in_doubt;
    }
    if (word.try_take() == Take::taken) return false;
    runtime::Waiting waiting(site);
    const Acquired acquired = acquire(word, waiting, Doubt::end);
    threading::succeeded(acquired.wakeup);
    return acquired.was_in_doubt;
}

}  // namespace threadwise::multiprocessing
