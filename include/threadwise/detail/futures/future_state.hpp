#pragma once
// What all futures share, whatever their type: the state, the threads that wait for it, the callbacks.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stop_token>
#include <utility>

#include "threadwise/detail/futures/block_allocated.hpp"
#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

class FutureState;
class Pool;

/// What is told once that a future is done.
class THREADWISE_API Watcher {
public:
    Watcher() = default;
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// Whether tell() may run user code, so that it must not run under an internal lock. Such a watcher owns itself
    /// until tell() or forget() has been called.
    virtual bool runs_user_code() const noexcept = 0;
    /// Not noexcept: a callback may end its thread with pthread_exit(). It throws nothing else.
    virtual void tell(FutureState& done) = 0;
    /// Instead of tell(): the future was destroyed before it was done.
    virtual void forget() noexcept = 0;

protected:
    ~Watcher() = default;

private:
    friend class FutureState;
    Watcher* next_ = nullptr;
    union {
        Watcher* previous_ = nullptr;  ///< in a future's list; null while in none
        FutureState* done_;            ///< in a list of deferred callbacks: what it is told of
    };
};

/// Thrown by FutureState::call() where it was too late to begin.
struct NotBegun {};

/// An InvalidStateError: the handle stands for no future.
[[noreturn]] THREADWISE_API void throw_no_future();
/// A ValueError: set_exception() was given none.
[[noreturn]] THREADWISE_API void throw_no_exception();

/// Reference-counted by the handles and by the runner of the task (add_owner, drop_owner).
class THREADWISE_API FutureState : public BlockAllocated {
public:
    /// The states of Python's futures.
    enum class Status : std::uint32_t { pending, running, cancelled, cancelled_and_notified, finished };

    FutureState(const FutureState&) = delete;
    FutureState& operator=(const FutureState&) = delete;

    void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }  // relaxed: made from an owner
    void drop_owner() noexcept {
        // acq_rel: the last one sees all that the others did before it destroys.
        if (owners_.load(std::memory_order_acquire) == 1 || owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            // relaxed: nobody else is left. Only an unfinished future can hold further futures: its callbacks' and its
            // call's, in chains of any length.
            if (word_.load(std::memory_order_relaxed) == static_cast<std::uint32_t>(Status::finished)) [[likely]] {
                delete this;
            } else {
                destroy_unfinished();
            }
        }
    }

    /// acquire: a thread that sees `finished` sees the result.
    Status status() const noexcept { return Status{word_.load(std::memory_order_acquire) & status_mask}; }
    bool done() const noexcept { return status() >= Status::cancelled; }
    bool finished() const noexcept { return status() == Status::finished; }
    /// Whether a watcher would be told at once. acquire: as status().
    bool is_news() const noexcept { return is_news(word_.load(std::memory_order_acquire)); }

    bool cancel();
    /// pending to running: true; cancelled: false; anything else throws InvalidStateError.
    bool set_running_or_notify_cancel();
    /// pending to running, if it is pending.
    bool try_start() noexcept;

    /// The right to set the outcome, which one thread at a time can have: from pending or running to claimed. Returns
    /// which of them it was; throws InvalidStateError in any other state. Until then finish() or fail(), or
    /// give_back(), the future counts as running.
    Status claim();
    /// There is no outcome after all: back to what claim() returned.
    void give_back(Status before) noexcept;

    /// After the result or the exception is in place.
    void finish();
    void fail(std::exception_ptr exception);

    /// Waits until done; false: timed out or stopped. In a worker of the pool that the task is queued in, a wait
    /// without limits runs the task here if it has not begun.
    bool wait(Timeout timeout, std::stop_token stop, SourceLocation where);
    /// wait() that throws TimeoutError, and CancelledError if that is how it ended.
    void wait_finished(Timeout timeout, std::stop_token stop, SourceLocation where);

    const std::exception_ptr& exception() const noexcept { return exception_; }

    /// Tells the watcher when done; at once, on this thread, if it is done already.
    void watch(Watcher& watcher);
    /// The same, but not if it is done already: then it returns false.
    bool watch_unless_done(Watcher& watcher);
    /// True: the watcher is not told any more. False: it has been told, or is about to be if it runs user code.
    bool unwatch(Watcher& watcher) noexcept;

    /// At a wait: the thread's callbacks that were put off, because they were too deep inside of each other.
    static void run_deferred_callbacks();

    /// Claims the future and makes its call here if that has not begun; whether it did.
    bool run_if_pending();
    /// For a call that will never be made: claims the future and fails it, if it is pending; whether it did.
    bool fail_if_pending(std::exception_ptr exception);
    /// Destroys what the call holds, if it was cancelled or its outcome set otherwise. For the one that would have made
    /// it: if another thread has made it in a wait, nothing is left by the time that the future is done.
    void drop_call_if_done() noexcept {
        if (done()) drop_call();
    }

protected:
    FutureState(std::uint32_t owners, Pool* pool) noexcept : owners_(owners), pool_(pool) {}
    virtual ~FutureState();

    /// Whatever it was before, for programs that Python lets write the state: wakes waiters and tells watchers. A
    /// written `cancelled` is news for watchers only once it is `cancelled_and_notified`: the thread that writes the
    /// one will write the other.
    void force(Status status) { put(status, status == Status::cancelled ? late : 0); }

    /// Makes the call and puts its result in place, or throws what it threw; or NotBegun.
    virtual void call() = 0;
    /// Destroys what call() would have used, which is not called any more.
    virtual void drop_call() noexcept {}

private:
    /// | bits of word_ | meaning                       | set by                        | cleared by                   |
    /// |---------------|-------------------------------|-------------------------------|------------------------------|
    /// | status_mask   | the Status                    | as below                      | as below                     |
    /// | has_waiters   | a thread may sleep on word_   | a waiter, under the bucket's  | finish()                     |
    /// |               |                               | lock                          |                              |
    /// | watched       | watchers_ may not be empty    | watch_unless_done(), under    | finish()                     |
    /// |               |                               | the stripe's lock             |                              |
    /// | late          | cancelled by force(): no news | force()                       | the next put()               |
    /// |               | yet                           |                               |                              |
    /// | claimed       | one thread makes or sets the  | claim(), begin_call()         | give_back(), finish(), put() |
    /// |               | outcome                       |                               |                              |
    /// | runner_mask   | the ident of the thread that  | try_start(), claim(),         | give_back(), finish(), put() |
    /// |               | has started or claimed it; 0: | begin_call()                  |                              |
    /// |               | none, or it has too many bits |                               |                              |
    ///
    /// | status     | claimed | may become                                                                            |
    /// |------------|---------|---------------------------------------------------------------------------------------|
    /// | pending    | 0       | running, by try_start(); running and claimed, by claim() or begin_call(); cancelled,  |
    /// |            |         | by cancel()                                                                           |
    /// | running    | 0       | running and claimed, by claim()                                                       |
    /// | running    | 1       | finished; cancelled, by cancel_late(); what it was before, by give_back()             |
    /// | cancelled  | 0       | cancelled_and_notified, by set_running_or_notify_cancel()                             |
    /// | the others | 0       | nothing else                                                                          |
    ///
    /// force() makes anything of anything.
    static constexpr std::uint32_t status_mask = 7;
    static constexpr std::uint32_t has_waiters = 8;
    static constexpr std::uint32_t watched = 16;
    static constexpr std::uint32_t late = 32;
    static constexpr std::uint32_t claimed = 64;
    static constexpr unsigned runner_shift = 7;
    static constexpr std::uint32_t runner_mask = ~std::uint32_t{0} << runner_shift;
    static std::uint32_t runner() noexcept {
        return this_ident > runner_mask >> runner_shift ? 0 : this_ident << runner_shift;
    }

    static constexpr std::uint32_t word_of(Status status) noexcept { return static_cast<std::uint32_t>(status); }

    /// From that status, unclaimed, to that one and those marks besides.
    bool change(Status from, Status to, std::uint32_t marks = 0);
    bool begin_call() noexcept { return change(Status::pending, Status::running, claimed); }
    /// That status, unclaimed, and those marks, whatever it was before.
    void put(Status status, std::uint32_t marks);
    void cancel_late();
    /// Whether watchers are to know.
    static bool is_news(std::uint32_t word) noexcept;
    void wake(std::uint32_t before, std::uint32_t after);
    void tell_watchers();
    void link(Watcher& watcher) noexcept;
    void unlink(Watcher& watcher) noexcept;
    void destroy_unfinished() noexcept;

    void run_callbacks(Watcher& first);

    std::atomic<std::uint32_t> word_{0};
    std::atomic<std::uint32_t> owners_;
    union {
        Pool* pool_;                 // that the task is queued in; null for futures that have no task
        FutureState* next_dropped_;  // once nobody owns it: see destroy_unfinished()
    };
    /// The last of a circular list, in which those that run user code come last, in the order they were added. Guarded
    /// by the lock of this state's stripe.
    Watcher* watchers_ = nullptr;
    std::exception_ptr exception_;
};

/// The right to set a future's outcome, given back if that does not happen.
class OutcomeClaim {
public:
    /// Throws InvalidStateError.
    explicit OutcomeClaim(FutureState& state) : state_(&state), before_(state.claim()) {}
    ~OutcomeClaim() {
        if (state_ != nullptr) state_->give_back(before_);
    }
    OutcomeClaim(const OutcomeClaim&) = delete;
    OutcomeClaim& operator=(const OutcomeClaim&) = delete;

    void finish() { std::exchange(state_, nullptr)->finish(); }
    void fail(std::exception_ptr exception) { std::exchange(state_, nullptr)->fail(std::move(exception)); }

private:
    FutureState* state_;
    const FutureState::Status before_;
};

/// An owner's pointer.
template <class State>
class StatePointer {
public:
    StatePointer() = default;
    /// Takes over one count.
    explicit StatePointer(State* state) noexcept : state_(state) {}
    StatePointer(const StatePointer& other) noexcept : state_(other.state_) {
        if (state_ != nullptr) state_->add_owner();
    }
    StatePointer(StatePointer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    StatePointer& operator=(StatePointer other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~StatePointer() {
        if (state_ != nullptr) state_->drop_owner();
    }

    State* get() const noexcept { return state_; }
    State* operator->() const noexcept { return state_; }
    State& operator*() const noexcept { return *state_; }
    /// Gives the count away.
    State* release() noexcept { return std::exchange(state_, nullptr); }

private:
    State* state_ = nullptr;
};

}  // namespace threadwise::detail
