// Bounds the depth of the stack when callbacks end further futures, or when the destruction of a future drops the last
// handle on another. Beyond a depth, callbacks and destructions are put into a list of the thread's, and run once the
// stack has unwound to that depth.

#include <utility>

#include "threadwise/detail/futures/future_state.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {
namespace {

constexpr unsigned deepest = 32;

/// initial-exec: see detail/ident.hpp.
[[gnu::tls_model("initial-exec")]] constinit thread_local struct {
    unsigned depth = 0;
    Watcher* deferred = nullptr;  ///< in the order in which they are told; each counts as an owner of its future
} callbacks;

[[gnu::tls_model("initial-exec")]] constinit thread_local struct {
    unsigned depth = 0;
    FutureState* deferred = nullptr;
} destructions;

}  // namespace

void FutureState::run_callbacks(Watcher& first) {
    if (callbacks.depth == deepest) {
        Watcher* last = &first;
        for (;; last = last->next_) {
            last->done_ = this;
            add_owner();
            if (last->next_ == nullptr) break;
        }
        // In front of those deferred before, so that the order is the same as if they were called now.
        last->next_ = std::exchange(callbacks.deferred, &first);
        return;
    }
    ++callbacks.depth;
    add_owner();  // a callback may drop the last other owner
    struct Remaining {
        FutureState& done;
        Watcher* next;
        ~Remaining() {
            const StatePointer keep(&done);
            // The remaining callbacks are called even if one ends the thread (pthread_exit()).
            const Finally leave([] { --callbacks.depth; });
            if (callbacks.depth == deepest) run_deferred_callbacks();
            if (next != nullptr) done.run_callbacks(*next);
        }
    } remaining{*this, &first};
    while (remaining.next != nullptr) {
        Watcher& callback = *remaining.next;
        remaining.next = callback.next_;
        callback.tell(*this);
        if (callbacks.depth == deepest) run_deferred_callbacks();
    }
}

void FutureState::run_deferred_callbacks() {
    while (callbacks.deferred != nullptr) {
        Watcher& callback = *callbacks.deferred;
        callbacks.deferred = callback.next_;
        const StatePointer done(callback.done_);
        callback.tell(*done);
    }
}

void FutureState::destroy_unfinished() noexcept {
    if (destructions.depth == deepest) {
        next_dropped_ = std::exchange(destructions.deferred, this);
        return;
    }
    ++destructions.depth;
    delete this;
    while (destructions.depth == deepest && destructions.deferred != nullptr) {
        delete std::exchange(destructions.deferred, destructions.deferred->next_dropped_);
    }
    --destructions.depth;
}

}  // namespace threadwise::detail
