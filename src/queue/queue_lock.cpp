// The invariant of a biased lock: a thread that holds it by the bias is noted in its own slot, and the bias is that
// slot's; a thread that holds it by the word has seen, after it took the word, that the bias was revoked and that
// nobody was inside by it. Only a holder of the word gives or revokes a bias.
//
// Exclusion. A revoker R, holding the word, marks the bias as taken away, forces a full fence on all cores, and looks
// at the slot of the thread B that had it. B notes itself in the slot and then looks at the bias. If B's note was not
// performed when B's core went through R's fence, then neither was B's look, which comes after it in B's program: it
// sees the mark, and B leaves at once. Else R sees the note, and waits.
//
// No lost wake-up. B erases its note, and then looks at the bias. By the same fence either R sees, in its last look
// under the bucket's lock, that the note is gone; or B sees the mark, and wakes the thread that sleeps on the bias,
// under that lock. That a note was B's attempt to come in late does no harm: it, too, is erased in this way.
//
// To take a bias away costs as much as it saves in some hundred uses. So a thread gets it after as many uses in a row,
// which bounds what is lost by a wrong guess (as with spinning: src/runtime/waiting/spin.hpp); and after twice as many
// each time that it was taken away before it had paid.

#include "threadwise/detail/queue/queue_lock.hpp"

#include <algorithm>

#include "platform/asymmetric_fence.hpp"
#include "queue/head_start.hpp"
#include "runtime/records/registry.hpp"
#include "threading/synchronization/gate.hpp"
#include "threading/synchronization/owner_gate.hpp"

namespace threadwise::detail {
namespace {

// Asked at load, as first use by one thread may meet a fork by another.
const bool can_be_biased = platform::enable_unseen_heavy_fence();

}  // namespace

void QueueLock::lock_slow() {
    const OwnerGate gate{word_, runtime::this_record().ident};
    // A thread that a fork has left behind never comes back; at most the item that it was moving is lost with it.
    const std::uint32_t owner = word_.owner();
    if (runtime::registry::is_lost(owner) && word_.take_from(owner)) return;
    head_start();
    if (gate.try_take(false)) return;
    const runtime::WaitSite site{
        .kind = runtime::WaitKind::lock, .object = this, .owner_word = &word_.value(), .where = {}};
    runtime::Waiting waiting(site);
    waiting.turn_to(site);  // so that nothing interrupts it
    threading::acquire_contended(gate, waiting);
    gate.accept();
}

/// Holding the word: another thread has come, or this one has been alone for long.
void QueueLock::settle() {
    const std::uintptr_t mine = bits(this_bias_slot);
    const std::uintptr_t bias = bias_.load(std::memory_order_relaxed);  // relaxed: changes under the word alone
    if ((bias & unbiased) == 0) {
        revoke(*reinterpret_cast<const BiasSlot*>(bias));
        worth_ = uses_ >= worth_ ? least_worth : std::min(2 * worth_, most_worth);
    }
    // relaxed: to this thread the bias means something when it comes again; to others, which find it by the word, that
    // orders it.
    const bool is_given = bias == (mine | unbiased) && can_be_biased && !platform::heavy_fence_refused();
    bias_.store(is_given ? mine : mine | unbiased, std::memory_order_relaxed);
    uses_ = 0;
}

/// Takes the bias away, and waits until its thread is outside.
void QueueLock::revoke(const BiasSlot& slot) {
    bias_.store(bits(&slot) | unbiased, std::memory_order_relaxed);  // relaxed: the fence orders it
    platform::heavy_fence();
    // acquire: pairs with the release in leave().
    const auto inside = [&] { return slot.inside.load(std::memory_order_acquire) == this; };
    if (!inside()) return;
    const runtime::WaitSite site{.kind = runtime::WaitKind::lock, .object = this, .where = {}};
    runtime::Waiting waiting(site);
    waiting.turn_to(site);  // so that nothing interrupts it
    const auto outside = [&] { return !inside(); };
    while (!waiting.spin(&bias_, outside, runtime::Pace::patient) && inside()) waiting.park(&bias_, inside);
}

void QueueLock::tell_revoker() noexcept { runtime::unpark_all(&bias_); }

}  // namespace threadwise::detail
