// No wake-up is lost.
//
// A sleeper S announces itself (raises the count of its bucket), forces a full fence on all cores, and then looks at
// the word, under the bucket's lock, where it queues itself if the word is held. The holder H at that moment
// frees the word by one of two ways.
//
// 1. By a plain store, having found the count at zero, followed by a look at the count (OwnerWord::release; or
// release_followed(), where all counts are one higher). S did not
// see the store, so the store was
//    not performed when H's core went through S's fence; then neither was the look, which comes after it in H's
//    program: it sees the count, and H goes on to wake_sleeper().
// 2. By release_slow(), with an atomic exchange under the bucket's lock: after S has queued, which it then sees; or,
//    with the `woken` bit set, by a compare-and-swap that leaves the bit. Then a designated waiter D is awake, and the
//    bit is D's promise to look at the word again: D takes the word, or clears the bit under the bucket's lock
//    with a compare-and-swap that finds the word held, so that the holder finds no bit and goes the first half of 2.
//
// wake_sleeper() does nothing if the word is held again: the new holder frees it by one of the two ways, too, and S is
// counted until it is woken. It runs when the word may be gone already, and so touches it only if it finds a sleeper,
// which keeps the word alive; keys are odd addresses, which nothing else sleeps on.

#include "threading/synchronization/owner_gate.hpp"

#include <optional>

#include "threading/synchronization/gate.hpp"

namespace threadwise {
namespace detail {

// relaxed: see OwnerWord::holder().
void OwnerGate::accept() const noexcept { word.holder_.store(taker, std::memory_order_relaxed); }

bool OwnerGate::try_take(bool designated) const noexcept {
    std::uint32_t old = word.value_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    while ((old & owner_mask) == 0) {
        const std::uint32_t taken = (designated ? old & ~OwnerWord::woken : old) | taker;
        // acquire: pairs with the release of the thread that freed it.
        if (word.value_.compare_exchange_weak(old, taken, std::memory_order_acquire, std::memory_order_relaxed)) {
            accept();
            return true;
        }
    }
    return false;
}

bool OwnerGate::try_take_or_mark(bool designated) const noexcept {
    std::uint32_t old = word.value_.load();
    for (;;) {
        const bool free = (old & owner_mask) == 0;
        const std::uint32_t next = (designated ? old & ~OwnerWord::woken : old) | (free ? taker : 0);
        // A held word that needs no change is left alone: its holder may free it with a plain store.
        if (next == old || word.value_.compare_exchange_weak(old, next)) {
            if (free) accept();
            return free;
        }
    }
}

runtime::FollowedLock OwnerGate::follow(OwnerWord& word, const runtime::WaitSite& site) noexcept {
    runtime::FollowedLock lock{.word = &word, .kind = site.kind, .object = site.object, .where = site.where};
    runtime::identify(lock, word.holder_);
    return lock;
}

bool OwnerWord::take_from(std::uint32_t lost) noexcept {
    std::uint32_t held = value_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    const std::uint32_t me = runtime::this_record().ident;
    // acquire: as in try_take(). No thread can be asleep here that the holder would have to wake.
    if ((held & owner_mask) != lost || !value_.compare_exchange_strong(held, me, std::memory_order_acquire))
        return false;
    holder_.store(me, std::memory_order_relaxed);  // relaxed: see holder()
    return true;
}

/// As release() does, where the counts are one higher. False: somebody may sleep here.
bool OwnerWord::release_followed() noexcept {
    constexpr std::uint32_t nobody = 1;
    const std::atomic<std::uint32_t>& sleeping = sleepers_on(key());
    // The orders as in release().
    if (sleeping.load(std::memory_order_relaxed) != nobody) return false;
    value_.store(0, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (sleeping.load(std::memory_order_relaxed) != nobody) wake_sleeper(key());
    return true;
}

bool OwnerWord::release_slow() {
    const std::uint32_t released = holder();
    if (released == 0 || (released & lock_id_bit) != 0) return false;
    const bool is_handed_over = released != this_ident;
    if (runtime::locks_are_followed()) {
        holder_.store(runtime::note_released(this, released), std::memory_order_relaxed);  // relaxed: see holder()
        if (release_followed()) return true;
    } else {
        holder_.store(0, std::memory_order_relaxed);  // relaxed: see holder()
    }
    std::uint32_t held = value_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    while ((held & woken) != 0) {
        // The designated waiter will look. release: publishes the critical section to the next holder.
        if (value_.compare_exchange_weak(held, woken, std::memory_order_release, std::memory_order_relaxed))
            return true;
    }
    // Unchecked: called with the lock of that bucket.
    const auto release_to = [=, this](runtime::Sleeper sleeper) THREADWISE_UNCHECKED -> std::optional<std::uint32_t> {
        if (is_handed_over) runtime::bucket_of(key()).hand_overs = true;
        if (sleeper.record != nullptr && sleeper.record->wait_node.entitled) {
            value_.store(sleeper.record->ident);
            return threading::handed_off;
        }
        value_.store(sleeper.record == nullptr ? 0 : woken);
        return threading::compete;
    };
    runtime::unpark_one(key(), release_to);
    return true;
}

void OwnerWord::wake_sleeper(const void* key) {
    runtime::unpark_one(key, [key](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record == nullptr) return std::nullopt;
        OwnerWord& word = of(key);
        const bool entitled = sleeper.record->wait_node.entitled;
        std::uint32_t free = 0;
        if (!word.value_.compare_exchange_strong(free, entitled ? sleeper.record->ident : woken)) return std::nullopt;
        return entitled ? threading::handed_off : threading::compete;
    });
}

}  // namespace detail

namespace threading {
namespace {

runtime::Wakeup wait_for(const detail::OwnerGate& gate, const runtime::WaitSite& wanted, const std::stop_token& stop) {
    if (wanted.deadline <= platform::now()) return runtime::Wakeup::timed_out;
    runtime::WaitSite site = wanted;
    site.owner_word = &gate.word.value();
    runtime::Waiting waiting(site, stop);
    const runtime::Wakeup wakeup = acquire_contended(gate, waiting);
    if (wakeup == runtime::Wakeup::woken) gate.accept();
    return wakeup;
}

runtime::Wakeup acquire_followed(const detail::OwnerGate& gate, const runtime::WaitSite& site,
                                 const std::stop_token& stop) {
    runtime::FollowedLock lock = detail::OwnerGate::follow(gate.word, site);
    // A thread that gives up waiting after a while deadlocks with nobody.
    if (site.deadline == platform::never) runtime::check_order(lock);
    const runtime::Wakeup wakeup = gate.try_take(false) ? runtime::Wakeup::woken : wait_for(gate, site, stop);
    if (wakeup == runtime::Wakeup::woken) runtime::note_taken(lock);
    return wakeup;
}

}  // namespace

runtime::Wakeup acquire_owner_word(detail::OwnerWord& word, const runtime::WaitSite& site,
                                   const std::stop_token& stop) {
    const detail::OwnerGate gate{word, runtime::this_record().ident};
    if (runtime::locks_are_followed()) [[unlikely]]
        return acquire_followed(gate, site, stop);
    return gate.try_take(false) ? runtime::Wakeup::woken : wait_for(gate, site, stop);
}

bool try_take_owner_word(detail::OwnerWord& word, const runtime::WaitSite& site) {
    const detail::OwnerGate gate{word, runtime::this_record().ident};
    if (!runtime::locks_are_followed()) return gate.try_take(false);
    const runtime::FollowedLock lock = detail::OwnerGate::follow(word, site);
    const bool taken = gate.try_take(false);
    if (taken) runtime::note_taken(lock);
    return taken;
}

}  // namespace threading
}  // namespace threadwise
