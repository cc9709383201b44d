#pragma once
// Future: the result of a call that somebody else makes (Python: concurrent.futures.Future).
//
// Executors hand out futures; whoever writes an executor of its own makes them with `Future<T>::create()` and drives
// them with set_running_or_notify_cancel(), set_result() and set_exception(). A future goes from pending to running to
// finished, or from pending to cancelled, once and for all.

#include <coroutine>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "threadwise/detail/future_state.hpp"
#include "threadwise/detail/report.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

template <class T>
class Future;

namespace detail {

template <class T>
class FutureValue;
template <class T, class Call>
class CallState;

struct Nothing {};

/// How a result is kept: a reference as a pointer, void as nothing.
template <class T>
using Kept = std::conditional_t<std::is_void_v<T>, Nothing,
                                std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

template <class T>
class FutureValue : public FutureState {
public:
    explicit FutureValue(std::uint32_t owners, Pool* pool = nullptr) noexcept : FutureState(owners, pool) {}
    ~FutureValue() override {
        if (finished() && exception() == nullptr) std::destroy_at(&kept_);
    }

    template <class... Value>
    void keep(Value&&... value) {
        if constexpr (std::is_reference_v<T>) {
            kept_ = std::addressof(value...);
        } else {
            std::construct_at(&kept_, std::forward<Value>(value)...);
        }
    }

    Kept<T>& kept() noexcept { return kept_; }

protected:
    // Only futures that an executor made are called, and those override it.
    void call() override {}

private:
    union {
        Kept<T> kept_;
    };
};

/// A future together with the call that will produce its result.
template <class T, class Call>
class CallState : public FutureValue<T> {
public:
    template <class... Arguments>
    explicit CallState(Pool* pool, Arguments&&... arguments)
        : FutureValue<T>(2, pool), call_(std::in_place, std::forward<Arguments>(arguments)...) {}

protected:
    void call() override {
        // What the call holds is let go before the future is done: who has the result may rely on that.
        struct Clear {
            std::optional<Call>& call;
            ~Clear() { call.reset(); }
        } const clear{call_};
        if constexpr (std::is_void_v<T>) {
            std::move (*call_)();
        } else {
            this->keep(std::move(*call_)());
        }
    }

private:
    std::optional<Call> call_;
};

/// A function and its arguments.
template <class Function, class... Arguments>
class BoundCall {
public:
    template <class F, class... A>
    explicit BoundCall(F&& function, A&&... arguments)
        : function_(std::forward<F>(function)), arguments_(std::forward<A>(arguments)...) {}

    decltype(auto) operator()() && {
        return std::apply(
            [this](auto&... arguments) -> decltype(auto) {
                return std::invoke(std::move(function_), std::move(arguments)...);
            },
            arguments_);
    }

private:
    Function function_;
    [[no_unique_address]] std::tuple<Arguments...> arguments_;
};

template <class Function, class... Arguments>
using BoundCallOf = BoundCall<std::decay_t<Function>, std::decay_t<Arguments>...>;

template <class Function, class... Arguments>
using BoundResult = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>;

template <class T, class Function>
class DoneCallback final : public Watcher {
public:
    template <class F>
    explicit DoneCallback(F&& function) : function_(std::forward<F>(function)) {}

    bool runs_user_code() const noexcept override { return true; }

    void tell(FutureState& done) noexcept override {
        done.add_owner();
        const Future<T> future{StatePointer<FutureValue<T>>(static_cast<FutureValue<T>*>(&done))};
        const std::unique_ptr<DoneCallback> self(this);
        try {
            std::invoke(function_, future);
        } catch (...) {
            report_exception("exception calling callback for a Future");
        }
    }

private:
    Function function_;
};

struct FutureAccess;

}  // namespace detail

/// A handle on a future: copies stand for the same one, as Python's names do. Thread-safe but for assigning to one
/// handle from several threads. 8 bytes.
template <class T>
class Future {
public:
    /// The type of the result; `void` and references are results as well.
    using value_type = T;

    /// A handle that stands for nothing: assign to it before use.
    Future() = default;

    /// A pending future for an executor of one's own; it belongs to no pool.
    static Future create() { return Future(detail::StatePointer(new detail::FutureValue<T>(1))); }

    /// Whether the handle stands for a future.
    bool valid() const noexcept { return state_.get() != nullptr; }

    /// Cancels the call unless it runs or is finished already. True: it is cancelled and will not run.
    bool cancel() const { return state_->cancel(); }

    bool cancelled() const noexcept { return done() && !state_->finished(); }
    bool running() const noexcept { return state_->status() == detail::FutureState::Status::running; }
    /// Finished or cancelled.
    bool done() const noexcept { return state_->done(); }

    /// Waits for the call to finish and returns a reference to its result, which lives as long as any handle does, or
    /// throws what the call threw. Throws TimeoutError if it is not finished within `timeout`, CancelledError if it was
    /// cancelled, InterruptedError if interrupt() ends the wait.
    ///
    /// In a worker of the pool that the call is queued in, a call that has not begun is made here and now, if the
    /// timeout is forever; in every other case the worker's place is given to another while it waits. So tasks may
    /// wait for tasks at any depth.
    decltype(auto) result(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const& {
        return wait_for_value({}, timeout, where);
    }

    /// The same for a future that is about to go: moves the result out, so that results that cannot be copied can be
    /// had (`std::move(future).result()`). Other handles then hold a moved-from result.
    T result(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) && {
        if constexpr (std::is_object_v<T>) {
            return std::move(wait_for_value({}, timeout, where));
        } else {
            return wait_for_value({}, timeout, where);
        }
    }

    /// The same, but throws InterruptedError when stop is requested.
    decltype(auto) result(std::stop_token stop, Timeout timeout = forever,
                          SourceLocation where = SourceLocation::current()) const {
        return wait_for_value(std::move(stop), timeout, where);
    }

    /// Waits like result() and returns what the call threw, or null if it returned.
    std::exception_ptr exception(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const {
        state_->wait_finished(timeout, {}, where);
        return state_->exception();
    }

    /// Calls `function(future)` once the future is done: on the thread that finishes or cancels it, or here and now if
    /// it is done already. Callbacks are called in the order they were added; what they throw is reported on standard
    /// error and ignored.
    template <class Function>
        requires std::is_invocable_v < std::decay_t<Function>
    &, const Future& > void add_done_callback(Function&& function) const {
        using Callback = detail::DoneCallback<T, std::decay_t<Function>>;
        state_->watch(*new Callback(std::forward<Function>(function)));  // deletes itself
    }

    /// A future of `function(future)`, called as a done callback is. What it throws becomes that future's exception.
    template <class Function>
        requires std::is_invocable_v < std::decay_t<Function>,
    const Future& > auto then(Function&& function) const {
        using Result = std::invoke_result_t<std::decay_t<Function>, const Future&>;
        auto next = Future<Result>::create();
        add_done_callback([next, function = std::forward<Function>(function)](const Future& done) mutable {
            if (!next.set_running_or_notify_cancel()) return;
            next.set_result_of([&]() -> Result { return std::move(function)(done); });
        });
        return next;
    }

    /// For executors, before they make the call: true: it is running now; false: it was cancelled, forget it. Throws
    /// InvalidStateError if it is running or finished.
    bool set_running_or_notify_cancel() const { return state_->set_running_or_notify_cancel(); }

    /// For executors: the call has returned `value` (nothing for `void`). Throws InvalidStateError if the future is
    /// done.
    template <class... Value>
    void set_result(Value&&... value) const {
        state_->expect_unfinished();
        state_->keep(std::forward<Value>(value)...);
        state_->finish();
    }

    /// For executors: the call has thrown. Throws InvalidStateError if the future is done.
    void set_exception(std::exception_ptr exception) const {
        state_->expect_unfinished();
        state_->fail(std::move(exception));
    }

    /// For executors: makes the call and sets what it returns or throws.
    template <class Call>
    void set_result_of(Call&& call) const {
        state_->expect_unfinished();
        try {
            if constexpr (std::is_void_v<T>) {
                std::forward<Call>(call)();
            } else {
                state_->keep(std::forward<Call>(call)());
            }
        } catch (...) {
            state_->fail(std::current_exception());
            return;
        }
        state_->finish();
    }

    /// `co_await future` gives its result() without blocking: the coroutine goes on, on the thread that finishes the
    /// future, once it is done.
    auto operator co_await() const {
        struct Awaiter {
            Future future;
            bool await_ready() const noexcept { return future.done(); }
            void await_suspend(std::coroutine_handle<> coroutine) const {
                future.add_done_callback([coroutine](const Future&) { coroutine.resume(); });
            }
            decltype(auto) await_resume() const { return static_cast<const Future&>(future).result(); }
        };
        return Awaiter{*this};
    }

    /// Handles are equal if they stand for the same future.
    friend bool operator==(const Future& a, const Future& b) noexcept { return a.state_.get() == b.state_.get(); }

private:
    friend struct detail::FutureAccess;
    template <class, class>
    friend class detail::DoneCallback;

    explicit Future(detail::StatePointer<detail::FutureValue<T>> state) noexcept : state_(std::move(state)) {}

    std::add_lvalue_reference_t<T> wait_for_value(std::stop_token stop, Timeout timeout, SourceLocation where) const {
        state_->wait_finished(timeout, std::move(stop), where);
        if (state_->exception() != nullptr) std::rethrow_exception(state_->exception());
        if constexpr (std::is_reference_v<T>) {
            return *state_->kept();
        } else if constexpr (!std::is_void_v<T>) {
            return state_->kept();
        }
    }

    detail::StatePointer<detail::FutureValue<T>> state_;
};

namespace detail {

/// Between handles and states, for those who make or watch futures.
struct FutureAccess {
    template <class T>
    static Future<T> adopt(FutureValue<T>* state) noexcept {
        return Future<T>(StatePointer<FutureValue<T>>(state));
    }
    template <class T>
    static FutureState* state(const Future<T>& future) noexcept {
        return future.state_.get();
    }
};

}  // namespace detail
}  // namespace threadwise

/// By identity, so that futures can be keys as in Python.
template <class T>
struct std::hash<threadwise::Future<T>> {
    std::size_t operator()(const threadwise::Future<T>& future) const noexcept {
        return std::hash<const void*>()(threadwise::detail::FutureAccess::state(future));
    }
};
