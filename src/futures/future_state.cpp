#include "threadwise/detail/future_state.hpp"

#include <array>
#include <cstdio>
#include <mutex>
#include <utility>

#include "futures/current_worker.hpp"
#include "platform/internal_lock.hpp"
#include "runtime/block_cache.hpp"
#include "runtime/door.hpp"
#include "runtime/fork.hpp"
#include "threading/wait_result.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {
namespace {

struct alignas(64) Stripe {
    platform::InternalLock lock;
};

// A lock in each future would cost memory in all of them for the few that are watched: they share some instead.
constinit std::array<Stripe, 64> stripes;

platform::InternalLock& stripe_of(const FutureState& state) noexcept {
    return stripes[(reinterpret_cast<std::uintptr_t>(&state) >> 6) % stripes.size()].lock;
}

[[maybe_unused]] const bool armed = [] {
    for (Stripe& stripe : stripes) runtime::hold_over_fork(stripe.lock, runtime::ForkOrder::before_registry);
    return true;
}();

const char* name_of(FutureState::Status status) noexcept {
    switch (status) {
        case FutureState::Status::pending: return "pending";
        case FutureState::Status::running: return "running";
        case FutureState::Status::cancelled:
        case FutureState::Status::cancelled_and_notified: return "cancelled";
        case FutureState::Status::finished: return "finished";
    }
    return "unknown";
}

}  // namespace

void* FutureState::operator new(std::size_t size) { return runtime::allocate_block(size); }
void FutureState::operator delete(void* state) noexcept { runtime::free_block(state); }

FutureState::~FutureState() {
    // Nobody owns it any more, so nobody can be watching but callbacks that will never be called.
    while (watchers_ != nullptr) delete std::exchange(watchers_, watchers_->next_);
}

bool FutureState::change(Status from, Status to) noexcept {
    std::uint32_t word = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if (Status{word & status_mask} != from) return false;
        // acq_rel: acquire what the submitter wrote, publish what is in place so far.
    } while (!word_.compare_exchange_weak(word, (word & ~status_mask) | static_cast<std::uint32_t>(to),
                                          std::memory_order_acq_rel, std::memory_order_relaxed));
    if (to >= Status::cancelled) wake(word, (word & ~status_mask) | static_cast<std::uint32_t>(to));
    return true;
}

bool FutureState::try_start() noexcept { return change(Status::pending, Status::running); }

bool FutureState::cancel() {
    if (change(Status::pending, Status::cancelled)) return true;
    const Status now = status();
    return now == Status::cancelled || now == Status::cancelled_and_notified;
}

bool FutureState::set_running_or_notify_cancel() {
    if (try_start()) return true;
    if (change(Status::cancelled, Status::cancelled_and_notified)) return false;
    throw InvalidStateError(std::string("Future in unexpected state: it is ") + name_of(status()) +
                            ", but only a pending future can be started");
}

void FutureState::expect_unfinished() const {
    const Status now = status();
    if (now <= Status::running) return;
    throw InvalidStateError(std::string("invalid state: the future is ") + name_of(now) +
                            ", its result can be set only once and not after cancel()");
}

void FutureState::force(Status status) noexcept {
    std::uint32_t word = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    // acq_rel: as in change()
    while (!word_.compare_exchange_weak(word, (word & ~status_mask) | static_cast<std::uint32_t>(status),
                                        std::memory_order_acq_rel, std::memory_order_relaxed)) {}
    if (status >= Status::cancelled) wake(word, (word & ~status_mask) | static_cast<std::uint32_t>(status));
}

void FutureState::finish() noexcept {
    // acq_rel: publishes the result; sees what watchers there are.
    const std::uint32_t before =
        word_.exchange(static_cast<std::uint32_t>(Status::finished), std::memory_order_acq_rel);
    if (before > status_mask) wake(before, static_cast<std::uint32_t>(Status::finished));
}

void FutureState::fail(std::exception_ptr exception) noexcept {
    exception_ = std::move(exception);
    finish();
}

bool FutureState::is_news(std::uint32_t word) noexcept {
    const Status status{word & status_mask};
    return status > Status::cancelled || (status == Status::cancelled && (word & late) == 0);
}

void FutureState::wake(std::uint32_t before, std::uint32_t after) noexcept {
    if ((before & awaited) != 0) runtime::unpark_all(&word_);
    if ((before & watched) != 0 && is_news(after)) tell_watchers();
}

bool FutureState::run_if_pending() noexcept {
    if (!try_start()) return false;
    try {
        call();
        count_call(pool_, TaskOutcome::done);
        finish();
    } catch (const NotBegun&) {
        count_call(pool_, TaskOutcome::cancelled);
        exception_ = std::make_exception_ptr(
            CancelledError("the call was cancelled: it could not begin within the time given by start_within"));
        change(Status::running, Status::cancelled);
    } catch (...) {
        count_call(pool_, TaskOutcome::failed);
        fail(std::current_exception());
    }
    return true;
}

bool FutureState::wait(Timeout timeout, std::stop_token stop, SourceLocation where) {
    if (done()) return true;
    if (pool_ != nullptr && timeout.is_forever() && !stop.stop_possible() && runs_here(pool_)) {
        run_if_pending();
        if (done()) return true;
    }
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (deadline <= platform::now()) return false;

    auto is_done = [this] { return done(); };
    runtime::Waiting waiting({.kind = runtime::WaitKind::future, .object = this, .where = where, .deadline = deadline},
                             stop);
    if (waiting.spin(&word_, is_done)) return true;
    const runtime::Wakeup wakeup = waiting.park(&word_, [&] {
        // acquire: finish() comes before it and is seen whole, or after it and finds the mark.
        return Status{word_.fetch_or(awaited, std::memory_order_acquire) & status_mask} < Status::cancelled;
    });
    return threading::succeeded(wakeup, stop);
}

void FutureState::wait_finished(Timeout timeout, std::stop_token stop, SourceLocation where) {
    if (!finished()) {
        if (!wait(timeout, stop, where)) {
            if (stop.stop_requested()) throw InterruptedError("stop was requested before the future was done");
            throw TimeoutError("the future was not done within the timeout");
        }
        if (finished()) return;
        if (exception_ != nullptr) std::rethrow_exception(exception_);  // says why
        throw CancelledError("the future was cancelled, it has no result");
    }
}

void FutureState::watch(Watcher& watcher) {
    {
        const std::lock_guard hold(stripe_of(*this));
        // acq_rel: if it is done, see the result; if not, finish() sees the mark.
        const std::uint32_t before = word_.fetch_or(watched, std::memory_order_acq_rel);
        if (!is_news(before)) {
            // At the end, since callbacks are called in the order they were added.
            Watcher** link = &watchers_;
            while (*link != nullptr) link = &(*link)->next_;
            *link = &watcher;
            watcher.link_ = link;
            return;
        }
    }
    watcher.tell(*this);
}

void FutureState::unwatch(Watcher& watcher) noexcept {
    const std::lock_guard hold(stripe_of(*this));
    if (watcher.link_ == nullptr) return;
    *watcher.link_ = watcher.next_;
    if (watcher.next_ != nullptr) watcher.next_->link_ = watcher.link_;
    watcher.link_ = nullptr;
}

void FutureState::tell_watchers() noexcept {
    // A callback may drop the last other owner.
    add_owner();
    Watcher* callbacks = nullptr;
    {
        const std::lock_guard hold(stripe_of(*this));
        Watcher** last = &callbacks;
        Watcher* watcher = std::exchange(watchers_, nullptr);
        while (watcher != nullptr) {
            Watcher* const next = std::exchange(watcher->next_, nullptr);
            watcher->link_ = nullptr;
            if (watcher->runs_user_code()) {
                *last = watcher;
                last = &watcher->next_;
            } else {
                watcher->tell(*this);
            }
            watcher = next;
        }
    }
    while (callbacks != nullptr) {
        Watcher& callback = *callbacks;
        callbacks = callback.next_;
        callback.tell(*this);
    }
    drop_owner();
}

}  // namespace threadwise::detail
