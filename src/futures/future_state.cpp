#include "threadwise/detail/futures/future_state.hpp"

#include <array>
#include <string>
#include <utility>

#include "futures/current_worker.hpp"
#include "platform/internal_lock.hpp"
#include "runtime/base/block_cache.hpp"
#include "runtime/base/exception_of.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {
namespace {

struct alignas(64) Stripe {
    platform::InternalLock lock;
};

// The locks of the futures' watcher lists. Shared, as a lock in each future would cost memory that few futures need.
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

void* BlockAllocated::operator new(std::size_t size) { return runtime::allocate_block(size); }
void BlockAllocated::operator delete(void* object) noexcept { runtime::free_block(object); }

FutureState::~FutureState() {
    // It has no owner left, so the only watchers left are callbacks, which will never be called.
    while (watchers_ != nullptr) {
        Watcher& first = *watchers_->next_;
        unlink(first);
        first.forget();
    }
}

bool FutureState::change(Status from, Status to, std::uint32_t marks) {
    if (to == Status::running) marks |= runner();
    std::uint32_t word = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    std::uint32_t changed = 0;
    do {
        if ((word & (status_mask | claimed)) != word_of(from)) return false;
        changed = (word & ~status_mask) | word_of(to) | marks;
        // acq_rel: acquire what the submitter wrote, publish what is in place so far.
    } while (!word_.compare_exchange_weak(word, changed, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (to >= Status::cancelled) wake(word, changed);
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

FutureState::Status FutureState::claim() {
    std::uint32_t word = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    for (;;) {
        const Status now{word & status_mask};
        if (now > Status::running) {
            throw InvalidStateError(std::string("invalid state: the future is ") + name_of(now) +
                                    ", its result can be set only once and not after cancel()");
        }
        if ((word & claimed) != 0) {
            throw InvalidStateError(
                "invalid state: the future's call is being made, or its result set, by somebody else; its result can "
                "be set only once");
        }
        // acquire: pairs with give_back() of an earlier claim, and with change().
        const std::uint32_t changed = (word & ~(status_mask | runner_mask)) | word_of(Status::running) | claimed;
        if (word_.compare_exchange_weak(word, changed | runner(), std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
            return now;
        }
    }
}

void FutureState::give_back(Status before) noexcept {
    // Clearing the bit of `running` (1) gives `pending` (0). release: pairs with the next claim().
    const std::uint32_t status = before == Status::pending ? word_of(Status::running) : 0;
    word_.fetch_and(~(claimed | runner_mask | status), std::memory_order_release);
}

void FutureState::put(Status status, std::uint32_t marks) {
    std::uint32_t word = word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    std::uint32_t changed = 0;
    do {
        changed = (word & ~(status_mask | claimed | late | runner_mask)) | word_of(status) | marks;
        // acq_rel: as in change()
    } while (!word_.compare_exchange_weak(word, changed, std::memory_order_acq_rel, std::memory_order_relaxed));
    if (status >= Status::cancelled) wake(word, changed);
}

void FutureState::finish() {
    // acq_rel: publishes the result; sees what watchers there are.
    const std::uint32_t before = word_.exchange(word_of(Status::finished), std::memory_order_acq_rel);
    if ((before & (has_waiters | watched)) != 0) wake(before, word_of(Status::finished));
}

void FutureState::fail(std::exception_ptr exception) {
    exception_ = std::move(exception);
    finish();
}

bool FutureState::is_news(std::uint32_t word) noexcept {
    const Status status{word & status_mask};
    return status > Status::cancelled || (status == Status::cancelled && (word & late) == 0);
}

void FutureState::wake(std::uint32_t before, std::uint32_t after) {
    if ((before & has_waiters) != 0) runtime::unpark_all(&word_);
    if ((before & watched) != 0 && is_news(after)) tell_watchers();
}

bool FutureState::run_if_pending() {
    if (!begin_call()) return false;
    bool too_late = false;
    const bool returned = call_user_code(
        [&] {
            try {
                call();
            } catch (const NotBegun&) {
                too_late = true;
            }
        },
        [this](std::exception_ptr failure) {
            count_call(pool_, TaskOutcome::failed);
            fail(std::move(failure));
        });
    if (!returned) return true;
    count_call(pool_, too_late ? TaskOutcome::cancelled : TaskOutcome::done);
    if (too_late) {
        cancel_late();
    } else {
        finish();
    }
    return true;
}

bool FutureState::fail_if_pending(std::exception_ptr exception) {
    if (!begin_call()) return false;
    drop_call();
    fail(std::move(exception));
    return true;
}

void FutureState::cancel_late() {
    drop_call();
    exception_ = runtime::exception_of<CancelledError>(
        "the call was cancelled: it could not begin within the time given by start_within");
    put(Status::cancelled, 0);
}

bool FutureState::wait(Timeout timeout, std::stop_token stop, SourceLocation where) {
    if (done()) return true;
    run_deferred_callbacks();  // one of them may end this future
    if (pool_ != nullptr && timeout.is_forever() && !stop.stop_possible() && runs_here(pool_)) {
        run_if_pending();
        if (done()) return true;
    }
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (deadline <= platform::now()) return false;

    auto is_done = [this] { return done(); };
    static_assert(claimed == runtime::future_is_claimed);
    runtime::Waiting waiting({.kind = runtime::WaitKind::future,
                              .owner_shift = runner_shift,
                              .object = this,
                              .owner_word = &word_,
                              .where = where,
                              .deadline = deadline},
                             stop);
    if (waiting.spin(&word_, is_done)) return true;
    const runtime::Wakeup wakeup = waiting.park(&word_, [&] {
        // acquire: finish() comes before it and is seen whole, or after it and finds the mark.
        return Status{word_.fetch_or(has_waiters, std::memory_order_acquire) & status_mask} < Status::cancelled;
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
        if (exception_ != nullptr) std::rethrow_exception(exception_);  // the reason: see cancel_late()
        throw CancelledError("the future was cancelled, it has no result");
    }
}

void FutureState::watch(Watcher& watcher) {
    if (!watch_unless_done(watcher)) watcher.tell(*this);
}

bool FutureState::watch_unless_done(Watcher& watcher) {
    const platform::InternalHold hold(stripe_of(*this));
    // acq_rel: if it is done, see the result; if not, finish() sees the mark.
    if (is_news(word_.fetch_or(watched, std::memory_order_acq_rel))) return false;
    link(watcher);
    return true;
}

bool FutureState::unwatch(Watcher& watcher) noexcept {
    const platform::InternalHold hold(stripe_of(*this));
    // tell_watchers() detaches all callbacks at once, without updating their links.
    if (watchers_ == nullptr || watcher.previous_ == nullptr) return false;
    unlink(watcher);
    return true;
}

void FutureState::link(Watcher& watcher) noexcept {
    if (watchers_ == nullptr) {
        watchers_ = watcher.next_ = watcher.previous_ = &watcher;
        return;
    }
    // Inserted between the last and the first: a callback becomes the last, any other watcher the first.
    watcher.previous_ = watchers_;
    watcher.next_ = watchers_->next_;
    watcher.next_->previous_ = &watcher;
    watchers_->next_ = &watcher;
    if (watcher.runs_user_code()) watchers_ = &watcher;
}

void FutureState::unlink(Watcher& watcher) noexcept {
    if (watcher.next_ == &watcher) {
        watchers_ = nullptr;
    } else {
        watcher.next_->previous_ = watcher.previous_;
        watcher.previous_->next_ = watcher.next_;
        if (watchers_ == &watcher) watchers_ = watcher.previous_;
    }
    watcher.previous_ = nullptr;
}

void FutureState::tell_watchers() {
    Watcher* callbacks = nullptr;
    {
        const platform::InternalHold hold(stripe_of(*this));
        // Watchers that run no user code are told under the lock, so that unwatch() waits until they have been told.
        while (watchers_ != nullptr && !watchers_->next_->runs_user_code()) {
            Watcher& first = *watchers_->next_;
            unlink(first);
            first.tell(*this);
        }
        if (Watcher* const last = std::exchange(watchers_, nullptr)) callbacks = std::exchange(last->next_, nullptr);
    }
    if (callbacks != nullptr) run_callbacks(*callbacks);
}

void throw_no_future() {
    throw InvalidStateError(
        "the Future stands for no call: it was made without one, or has been moved from; assign another Future to it "
        "before it is used");
}

void throw_no_exception() { throw ValueError("set_exception() was given a null exception_ptr; give it an exception"); }

}  // namespace threadwise::detail
