#pragma once
// What all futures share, whatever their type: the state, who waits for it, and who wants to be told.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

class FutureState;
class Pool;

/// Somebody who wants to be told once that a future is done.
class THREADWISE_API Watcher {
public:
    Watcher() = default;
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// Whether tell() may run user code, so that it must not run under an internal lock. Such a watcher cannot be
    /// removed, and deletes itself in tell().
    virtual bool runs_user_code() const noexcept = 0;
    virtual void tell(FutureState& done) noexcept = 0;

protected:
    virtual ~Watcher() = default;

private:
    friend class FutureState;
    Watcher* next_ = nullptr;
    Watcher** link_ = nullptr;  // what points here; null while in no list
};

/// Thrown by FutureState::call() where it was too late to begin.
struct NotBegun {};

/// Shared by the handles and by who will run the task, who count themselves (add_owner, drop_owner).
class THREADWISE_API FutureState {
public:
    /// The states of Python's futures.
    enum class Status : std::uint32_t { pending, running, cancelled, cancelled_and_notified, finished };

    /// Many futures live short: their memory is cut from larger pieces.
    static void* operator new(std::size_t size);
    static void operator delete(void* state) noexcept;
    static void* operator new(std::size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
    static void operator delete(void* state, std::align_val_t alignment) noexcept {
        ::operator delete(state, alignment);
    }

    FutureState(const FutureState&) = delete;
    FutureState& operator=(const FutureState&) = delete;

    void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }  // relaxed: made from an owner
    void drop_owner() noexcept {
        // acq_rel: the last one sees all that the others did before it destroys.
        if (owners_.load(std::memory_order_acquire) == 1 || owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete this;
        }
    }

    /// acquire: whoever sees `finished` sees the result.
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
    /// Throws InvalidStateError where a result may not be set any more.
    void expect_unfinished() const;
    /// After the result or the exception is in place.
    void finish() noexcept;
    void fail(std::exception_ptr exception) noexcept;

    /// Waits until done; false: timed out or stopped. In a worker of the pool that the task is queued in, a wait
    /// without limits runs the task here if it has not begun.
    bool wait(Timeout timeout, std::stop_token stop, SourceLocation where);
    /// wait() that throws TimeoutError, and CancelledError if that is how it ended.
    void wait_finished(Timeout timeout, std::stop_token stop, SourceLocation where);

    const std::exception_ptr& exception() const noexcept { return exception_; }

    /// Tells the watcher when done; at once, on this thread, if it is done already.
    void watch(Watcher& watcher);
    /// Afterwards the watcher is not told any more (it may have been told).
    void unwatch(Watcher& watcher) noexcept;

    /// Runs the task here if it has not begun; whether it did.
    bool run_if_pending() noexcept;

protected:
    FutureState(std::uint32_t owners, Pool* pool) noexcept : owners_(owners), pool_(pool) {}
    virtual ~FutureState();

    /// From the beginning: a cancellation is news for watchers only once set_running_or_notify_cancel() has seen it, as
    /// Python's wait() has it.
    void tell_of_cancellation_late() noexcept { word_.store(late, std::memory_order_relaxed); }  // relaxed: not shared

    /// Whatever it was before, for those whom Python lets write the state: wakes and tells whom it concerns.
    void force(Status status) noexcept;

    /// Calls the task and puts its result in place, or throws what it threw; or NotBegun.
    virtual void call() = 0;

private:
    static constexpr std::uint32_t status_mask = 7;
    static constexpr std::uint32_t awaited = 8;   // somebody may sleep on word_
    static constexpr std::uint32_t watched = 16;  // watchers_ is not empty
    static constexpr std::uint32_t late = 32;     // see tell_of_cancellation_late()

    bool change(Status from, Status to) noexcept;
    /// Whether watchers are to know.
    static bool is_news(std::uint32_t word) noexcept;
    void wake(std::uint32_t before, std::uint32_t after) noexcept;
    void tell_watchers() noexcept;

    std::atomic<std::uint32_t> word_{0};
    std::atomic<std::uint32_t> owners_;
    Pool* const pool_;             // that the task is queued in; null for futures that have no task
    Watcher* watchers_ = nullptr;  // guarded by the lock of this state's stripe
    std::exception_ptr exception_;
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
