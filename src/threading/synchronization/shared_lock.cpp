// Readers are in the count, or visible: noted in a slot of their own thread (detail/reader_slots.hpp). While the word
// is biased, a reader only notes itself, and looks whether the word is biased still. A writer first takes `writer_`,
// which excludes other writers, sets writer_bit and clears biased_bit, forces a fence on every core, and then looks at
// all threads' slots. So either the reader sees that the bias has gone and does not come in, or the writer sees the
// note. By the same fence, either the writer sees that the note is gone, or the reader sees writer_bit as it leaves,
// and tells the writer: it changes departures_, which the writer read before it looked at the slots, and wakes it.
//
// When no reader is visible any more none will be, as the bias has gone: then the writer has only to wait for the count
// to fall to zero. (In that order: a visible reader may take the lock again, and is then in the count, too.)
//
// To look at all slots costs microseconds. So after it, the word is biased again only when it has been read many times.

#include "threadwise/shared_lock.hpp"

#include "platform/asymmetric_fence.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threading/synchronization/owner_gate.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using runtime::Wakeup;

/// What looking at the slots costs, divided by what bias saves a reader, with some to spare.
constexpr std::uint16_t reads_before_bias = 500;

bool can_be_biased() noexcept {
    static const bool can = platform::enable_heavy_fence();
    return can && !platform::heavy_fence_refused();
}

// Asked at load, as first use by one thread may meet a fork by another.
[[maybe_unused]] const bool asked_at_load = can_be_biased();

}  // namespace

/// The address that readers sleep on. The wake-up itself makes a sleeper a reader, so it must not be mistaken for one
/// that was meant for another object that lay here before: hence an exact key.
const void* SharedLock::readers_key() const noexcept { return runtime::exact_key(this); }

bool SharedLock::noted() const noexcept {
    if (detail::this_reader_slots == nullptr) return false;
    // relaxed: our own.
    return (detail::this_reader_slots->of(this).load(std::memory_order_relaxed) & ~std::uintptr_t{1}) == visible();
}

void SharedLock::note() noexcept {
    std::atomic<std::uintptr_t>& slot = detail::this_reader_slots->of(this);
    // release: as in read_at_once().
    if (slot.load(std::memory_order_relaxed) == 0) slot.store(counted(), std::memory_order_release);
}

/// A visible reader has left, and has seen that there is a writer.
void SharedLock::tell_writer() noexcept {
    // acq_rel: a writer that reads the new number sees the slot as it is now; so does one that read the old number
    // before, and wakes up or does not sleep.
    departures_.fetch_add(1, std::memory_order_acq_rel);
    runtime::unpark_all(&word_);
}

void SharedLock::refuse_if_full() const {
    // relaxed: a limit that may be exceeded a little, see max_readers.
    if ((word_.load(std::memory_order_relaxed) & readers_mask) < max_readers) return;
    throw RuntimeError("SharedLock taken to read too many times: is an unlock_shared() missing in a loop?");
}

/// Becomes a reader in the count, unless there is a writer.
bool SharedLock::try_count_in() noexcept {
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    // relaxed, here and below: reads_until_bias_ is a hint, and lost updates do no harm.
    const std::uint16_t left = reads_until_bias_.load(std::memory_order_relaxed);
    const std::uint32_t bias = left == 0 && can_be_biased() && !runtime::locks_are_followed() ? biased_bit : 0;
    while ((old & writer_bit) == 0) {
        // acquire: pairs with end_writing().
        if (word_.compare_exchange_weak(old, (old | bias) + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
            if (left != 0) reads_until_bias_.store(static_cast<std::uint16_t>(left - 1), std::memory_order_relaxed);
            return true;
        }
    }
    return false;
}

runtime::FollowedLock SharedLock::follow_reading(SourceLocation where) {
    return detail::OwnerGate::follow(writer_,
                                     {.kind = runtime::WaitKind::shared_lock_read, .object = this, .where = where});
}

bool SharedLock::try_lock_shared_slow() {
    runtime::this_record();  // for its slots
    refuse_if_full();
    if (!try_count_in()) return false;
    note();
    if (runtime::locks_are_followed()) runtime::note_taken(follow_reading({}));
    return true;
}

bool SharedLock::lock_shared_until(std::stop_token stop, Timeout timeout, SourceLocation where) {
    if (!runtime::locks_are_followed()) return read_until(std::move(stop), timeout, where);
    runtime::FollowedLock lock = follow_reading(where);
    if (timeout.is_forever()) runtime::check_order(lock);
    const bool taken = read_until(std::move(stop), timeout, where);
    if (taken) runtime::note_taken(lock);
    return taken;
}

bool SharedLock::read_until(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (writer_.holder() == runtime::this_record().ident) {
        throw RuntimeError("this thread holds the SharedLock to write: it cannot wait for it to read");
    }
    refuse_if_full();
    if (noted()) {
        // A writer may wait for us to leave: we must not wait for it. relaxed: we hold the lock already.
        word_.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    if (try_count_in()) {
        note();
        return true;
    }
    if (deadline <= platform::now()) return false;

    runtime::Waiting waiting({.kind = runtime::WaitKind::shared_lock_read,
                              .object = this,
                              .owner_word = &writer_.value(),
                              .where = where,
                              .deadline = deadline},
                             stop);
    bool taken = waiting.spin(
        readers_key(), [this] { return try_count_in(); }, runtime::Pace::patient);
    if (!taken) {
        const Wakeup wakeup = waiting.park(readers_key(), [&] {
            while (!(taken = try_count_in())) {
                std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
                // relaxed: the writer exchanges the word, and so finds the mark; then it looks under the bucket's lock.
                if ((old & writer_bit) != 0 &&
                    word_.compare_exchange_weak(old, old | has_waiters, std::memory_order_relaxed)) {
                    return true;
                }
            }
            return false;
        });
        // A woken reader has been counted in by the writer that left.
        if (!taken && !threading::succeeded(wakeup, stop)) return false;
    }
    note();
    return true;
}

void SharedLock::unlock_shared_slow() {
    if (runtime::locks_are_followed()) runtime::note_read(&writer_);
    if (detail::this_reader_slots != nullptr) {
        std::atomic<std::uintptr_t>& slot = detail::this_reader_slots->of(this);
        // relaxed: our own. release: as in read_at_once().
        if (slot.load(std::memory_order_relaxed) == counted()) slot.store(0, std::memory_order_release);
    }
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if ((old & readers_mask) == 0) {
            throw RuntimeError("release of a SharedLock that this thread does not hold to read");
        }
        // release: the writer that finds the count at zero sees what was done before.
    } while (!word_.compare_exchange_weak(old, old - 1, std::memory_order_release, std::memory_order_relaxed));
    if ((old & writer_bit) != 0 && (old & readers_mask) == 1) runtime::unpark_all(&word_);
}

bool SharedLock::lock_until(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (writer_.holder() == runtime::this_record().ident) {
        throw RuntimeError("this thread holds the SharedLock to write already: it would wait for itself");
    }
    if (noted()) {
        throw RuntimeError(
            "this thread holds the SharedLock to read, and cannot wait for it to write: unlock_shared() "
            "first, and look again at what you read");
    }
    const runtime::WaitSite site{
        .kind = runtime::WaitKind::shared_lock_write, .object = this, .where = where, .deadline = deadline};
    if (!threading::succeeded(threading::acquire_owner_word(writer_, site, stop), stop)) return false;

    bool biased = begin_writing();
    bool alone = false;
    try {
        alone = await_readers(stop, site, biased);
    } catch (...) {
        end_writing(biased);
        throw;
    }
    if (!alone) end_writing(biased);
    return alone;
}

bool SharedLock::try_lock() {
    if (writer_.holder() == runtime::this_record().ident || noted()) return false;
    const runtime::WaitSite site{.kind = runtime::WaitKind::shared_lock_write, .object = this, .where = {}};
    if (!threading::try_take_owner_word(writer_, site)) return false;
    bool biased = begin_writing();
    if (empty(biased)) return true;
    end_writing(biased);
    return false;
}

/// From now on no reader comes in. Returns whether there may be visible ones.
bool SharedLock::begin_writing() {
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    // acq_rel: acquire, as the writer holds the lock if there is no reader; release: for readers that see the bit.
    while (!word_.compare_exchange_weak(old, (old | writer_bit) & ~biased_bit, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) {}
    if ((old & biased_bit) == 0) return false;
    platform::heavy_fence();
    reads_until_bias_.store(reads_before_bias, std::memory_order_relaxed);
    return true;
}

bool SharedLock::anybody_visible() const {
    bool found = false;
    runtime::registry::for_each([&](runtime::ThreadRecord& record) {
        // acquire: pairs with the release by which a reader left.
        found |= record.reader_slots.of(this).load(std::memory_order_acquire) == visible();
    });
    return found;
}

/// Whether all readers have left. Clears `biased` once no visible one is left.
bool SharedLock::empty(bool& biased) const {
    biased = biased && anybody_visible();
    // acquire: pairs with the release by which a reader left.
    return !biased && (word_.load(std::memory_order_acquire) & readers_mask) == 0;
}

bool SharedLock::await_readers(std::stop_token stop, const runtime::WaitSite& site, bool& biased) {
    if (empty(biased)) return true;
    if (site.deadline <= platform::now()) return false;
    runtime::Waiting waiting(site, stop);
    for (;;) {
        // acquire, here and below: what is seen of the slots is at least as new.
        const std::uint16_t departures = departures_.load(std::memory_order_acquire);
        if (waiting.spin(
                &word_, [&] { return empty(biased); }, runtime::Pace::patient))
            return true;
        if (empty(biased)) return true;
        const Wakeup wakeup = waiting.park(&word_, [&] {
            return biased ? departures_.load(std::memory_order_acquire) == departures
                          : (word_.load(std::memory_order_acquire) & readers_mask) != 0;
        });
        if (wakeup == Wakeup::timed_out || wakeup == Wakeup::interrupted) {
            return empty(biased) || threading::succeeded(wakeup, stop);
        }
    }
}

/// Lets in all that wait to read, then the next writer. `biased`: visible readers are left, which the next writer must
/// look for.
void SharedLock::end_writing(bool biased) {
    const std::uint32_t bias = biased ? biased_bit : 0;
    std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    bool let_in = false;
    // release: publishes what was written to the next holder.
    while ((old & has_waiters) == 0 && !let_in) {
        let_in = word_.compare_exchange_weak(old, (old & ~writer_bit) | bias, std::memory_order_release,
                                             std::memory_order_relaxed);
    }
    if (!let_in) {
        runtime::unpark(readers_key(), SIZE_MAX, [this, bias](std::size_t readers) {
            std::uint32_t held = word_.load(std::memory_order_relaxed);
            while (!word_.compare_exchange_weak(
                held, ((held & ~(writer_bit | has_waiters)) | bias) + static_cast<std::uint32_t>(readers),
                std::memory_order_release, std::memory_order_relaxed)) {}
        });
    }
    writer_.release();
}

void SharedLock::unlock() {
    const std::uint32_t me = detail::this_ident;
    if (me == 0 || writer_.holder() != me) {
        throw RuntimeError("release of a SharedLock that this thread does not hold to write");
    }
    end_writing(false);
}

}  // namespace threadwise
