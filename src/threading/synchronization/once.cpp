#include "threadwise/once.hpp"

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {

bool Once::begin(SourceLocation where) {
    const std::uint32_t me = runtime::this_record().ident;
    auto begun = [&] {
        std::uint32_t expected = 0;
        // acquire: what a failed attempt before this one did is seen.
        return word_.compare_exchange_strong(expected, me, std::memory_order_acquire, std::memory_order_relaxed);
    };
    if (begun()) return true;
    // relaxed: only this thread writes its own ident there.
    if ((word_.load(std::memory_order_relaxed) & runtime::owner_mask) == me) {
        throw RuntimeError(
            "call_once was called again from within the function that it calls: it would wait for itself");
    }
    runtime::Waiting waiting({.kind = runtime::WaitKind::once, .object = this, .owner_word = &word_, .where = where});
    for (;;) {
        bool mine = false;
        if (waiting.spin(this, [&] { return is_done() || (mine = begun()); })) return mine;
        const runtime::Wakeup wakeup = waiting.park(this, [this] {
            std::uint32_t old = word_.load(std::memory_order_relaxed);  // relaxed: what follows looks again
            while (old != 0 && old != done) {
                // relaxed: finish() looks for sleepers under the bucket's lock, which is held here.
                if (word_.compare_exchange_weak(old, old | has_waiters, std::memory_order_relaxed)) return true;
            }
            return false;
        });
        threading::succeeded(wakeup);
        if (is_done()) return false;
        if (begun()) return true;
    }
}

void Once::finish(bool succeeded) noexcept {
    // release: publishes what the callable did. Waiters may go on: all of them, or one to try again.
    const std::uint32_t old = word_.exchange(succeeded ? done : 0, std::memory_order_release);
    if ((old & has_waiters) != 0) runtime::unpark_all(this);
}

}  // namespace threadwise
