#pragma once
// Future: the result of a call that somebody else makes (Python: concurrent.futures.Future).
//
// Executors hand out futures; an executor of your own makes them with `Future<T>::create()` and drives them with
// set_running_or_notify_cancel(), set_result() and set_exception(). A future goes from pending to running to
// finished, or from pending to cancelled, once and for all.

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "threadwise/detail/futures/future_state.hpp"
#include "threadwise/detail/futures/moves_as_bytes.hpp"
#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/futures/resumption.hpp"
#include "threadwise/detail/runtime/failure.hpp"
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

/// Between handles and states, for those that make or watch futures.
struct FutureAccess {
    template <class T>
    static Future<T> adopt(FutureValue<T>* state) noexcept {
        return Future<T>(StatePointer<FutureValue<T>>(state));
    }
    template <class T>
    static Future<T> share(FutureValue<T>& state) noexcept {
        state.add_owner();
        return adopt(&state);
    }
    /// Null: the handle stands for nothing.
    template <class T>
    static FutureState* state(const Future<T>& future) noexcept {
        return future.state_.get();
    }
    /// Throws InvalidStateError where the handle stands for nothing.
    template <class T>
    static FutureState& expect_state(const Future<T>& future) {
        return future.state();
    }
};

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
        // What the call holds is destroyed before the future is done: a thread that has the result may rely on it.
        const Finally clear([this] { call_.reset(); });
        if constexpr (std::is_void_v<T>) {
            std::move (*call_)();
        } else {
            this->keep(std::move(*call_)());
        }
    }
    void drop_call() noexcept override { call_.reset(); }

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
inline constexpr bool moves_as_bytes<BoundCall<Function, Arguments...>> =
    moves_as_bytes<Function>&& moves_as_bytes<std::tuple<Arguments...>>;

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

    void tell(FutureState& done) override {
        const std::unique_ptr<DoneCallback> self(this);
        const Future<T> future = FutureAccess::share(static_cast<FutureValue<T>&>(done));
        call_user_code([&] { std::invoke(function_, future); },
                       [](const std::exception_ptr& failure) {
                           report_exception("exception calling callback for a Future", failure);
                       });
    }

    void forget() noexcept override { delete this; }

private:
    Function function_;
};

/// What then() returns: the call is made when another future is done. That future's list is its second owner.
template <class T, class Source, class Function>
class ThenState final : public FutureValue<T>, public Watcher {
public:
    template <class F>
    explicit ThenState(F&& function) : FutureValue<T>(2), function_(std::in_place, std::forward<F>(function)) {}

    bool runs_user_code() const noexcept override { return true; }

    void tell(FutureState& done) override {
        const StatePointer<ThenState> self(this);
        source_ = &static_cast<FutureValue<Source>&>(done);
        if (!this->run_if_pending()) function_.reset();
    }

    void forget() noexcept override { this->drop_owner(); }

private:
    void call() override {
        // As in CallState: what the function holds is let go before the future is done.
        const Finally clear([this] { function_.reset(); });
        const Future<Source> source = FutureAccess::share(*source_);
        if constexpr (std::is_void_v<T>) {
            std::invoke(std::move(*function_), source);
        } else {
            this->keep(std::invoke(std::move(*function_), source));
        }
    }

    std::optional<Function> function_;
    FutureValue<Source>* source_ = nullptr;
};

}  // namespace detail

/// A handle on a future: copies stand for the same one, as Python's names do. Thread-safe but for assigning to one
/// handle from several threads. 8 bytes.
///
/// A handle that stands for nothing, because it was made without a future or has been moved from, can be assigned to,
/// compared, hashed and asked whether it is valid(). All other functions throw InvalidStateError.
template <class T>
class Future {
public:
    /// The type of the result; `void` and references are results as well.
    using value_type = T;

    /// A handle that stands for nothing.
    Future() = default;

    /// A pending future for an executor of one's own; it belongs to no pool.
    static Future create() { return Future(detail::StatePointer(new detail::FutureValue<T>(1))); }

    /// Whether the handle stands for a future.
    bool valid() const noexcept { return state_.get() != nullptr; }

    /// Cancels the call unless it runs or is finished already. True: it is cancelled and will not run.
    bool cancel() const { return state().cancel(); }

    bool cancelled() const { return done() && !state().finished(); }
    /// The call runs, or its outcome is being set.
    bool running() const { return state().status() == detail::FutureState::Status::running; }
    /// Finished or cancelled.
    bool done() const { return state().done(); }

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
        return take_value({}, timeout, where);
    }

    /// The same, but they throw InterruptedError when stop is requested.
    ///@{
    decltype(auto) result(std::stop_token stop, Timeout timeout = forever,
                          SourceLocation where = SourceLocation::current()) const& {
        return wait_for_value(std::move(stop), timeout, where);
    }
    T result(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) && {
        return take_value(std::move(stop), timeout, where);
    }
    ///@}

    /// Waits like result() and returns what the call threw, or null if it returned.
    std::exception_ptr exception(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const {
        state().wait_finished(timeout, {}, where);
        return state().exception();
    }

    /// Calls `function(future)` once the future is done: on the thread that finishes or cancels it, or here and now if
    /// it is done already. Callbacks are called in the order they were added; what they throw is reported on standard
    /// error and ignored. Constant time.
    ///
    /// A callback may end further futures, whose callbacks are called before that returns. So that chains of any length
    /// do not exhaust the stack, callbacks more than 32 deep inside of each other are called later: once the one
    /// that ended their future has returned, or waits for a future.
    ///
    /// A callback that ends its thread, by pthread_exit() or as it is cancelled, is reported as a ThreadExitError, and
    /// the others are called while the thread is being unwound; if one of those does the same the program is
    /// terminated.
    template <class Function>
        requires std::is_invocable_v < std::decay_t<Function>
    &, const Future& > void add_done_callback(Function&& function) const {
        using Callback = detail::DoneCallback<T, std::decay_t<Function>>;
        state().watch(*new Callback(std::forward<Function>(function)));  // deletes itself
    }

    /// A future of `function(future)`, called as a done callback is. What it throws becomes that future's exception.
    /// What the function holds is destroyed before that future is done. Chains may be of any length.
    template <class Function>
        requires std::is_invocable_v < std::decay_t<Function>,
    const Future& > auto then(Function&& function) const {
        using Result = std::invoke_result_t<std::decay_t<Function>, const Future&>;
        detail::FutureState& source = state();
        auto* const next = new detail::ThenState<Result, T, std::decay_t<Function>>(std::forward<Function>(function));
        auto future = detail::FutureAccess::adopt<Result>(next);
        source.watch(*next);
        return future;
    }

    /// For executors, before they make the call: true: it is running now; false: it was cancelled, forget it. Throws
    /// InvalidStateError if it is running or finished.
    bool set_running_or_notify_cancel() const { return state().set_running_or_notify_cancel(); }

    /// For executors: the call has returned `value` (nothing for `void`). Of all calls that end a future (this one, the
    /// two below, cancel(), and the run of a call that was submitted) one succeeds, which is settled before the value
    /// is built; the others throw InvalidStateError, or return false.
    ///
    /// If building the value throws, that is thrown here, and the future is as it was before, as a std::promise is: it
    /// can be set again, to that exception for example.
    template <class... Value>
    void set_result(Value&&... value) const {
        detail::FutureValue<T>& future = state();
        detail::OutcomeClaim claim(future);
        future.keep(std::forward<Value>(value)...);
        claim.finish();
    }

    /// For executors: the call has thrown. Throws InvalidStateError as above, and ValueError if there is no exception
    /// in the pointer.
    void set_exception(std::exception_ptr exception) const {
        if (exception == nullptr) detail::throw_no_exception();
        detail::OutcomeClaim(state()).fail(std::move(exception));
    }

    /// For executors: makes the call and sets what it returns or throws, be it thrown as the result is moved into the
    /// future. Throws InvalidStateError as above, before the call.
    template <class Call>
    void set_result_of(Call&& call) const {
        detail::FutureValue<T>& future = state();
        detail::OutcomeClaim claim(future);
        const bool returned = detail::call_user_code(
            [&] {
                if constexpr (std::is_void_v<T>) {
                    std::forward<Call>(call)();
                } else {
                    future.keep(std::forward<Call>(call)());
                }
            },
            [&](std::exception_ptr failure) { claim.fail(std::move(failure)); });
        if (returned) claim.finish();
    }

    /// `co_await future` gives its result() without blocking: the coroutine goes on, on the thread that ends the
    /// future, once it is done; a future that is about to go (`co_await pool.submit(f)`) gives the result itself.
    ///
    /// A coroutine that is destroyed while it awaits is not resumed. Not while another thread may be ending the future:
    /// which of the two comes first, the resumption or the destruction, is for the program to settle.
    ///@{
    auto operator co_await() const& { return Awaiter<const Future&>(*this); }
    auto operator co_await() && { return Awaiter<Future>(std::move(*this)); }
    ///@}

    /// Handles are equal if they stand for the same future.
    friend bool operator==(const Future& a, const Future& b) noexcept { return a.state_.get() == b.state_.get(); }

private:
    friend struct detail::FutureAccess;

    explicit Future(detail::StatePointer<detail::FutureValue<T>> state) noexcept : state_(std::move(state)) {}

    /// `Handle`: how the result is asked for, of a handle that stays or of one that goes.
    template <class Handle>
    class Awaiter {
    public:
        explicit Awaiter(Future future) : future_(std::move(future)) { future_.state(); }
        Awaiter(const Awaiter&) = delete;
        Awaiter& operator=(const Awaiter&) = delete;
        ~Awaiter() {
            if (resumption_ != nullptr) detail::Resumption::end(*resumption_, future_.state());
        }

        bool await_ready() const { return future_.done(); }
        // Not inline: once the coroutine may go on elsewhere, nothing in its frame may be touched.
        [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> coroutine) {
            return detail::Resumption::start(resumption_, coroutine, future_.state());
        }
        decltype(auto) await_resume() { return static_cast<Handle&&>(future_).result(); }

    private:
        Future future_;
        detail::Resumption* resumption_ = nullptr;
    };

    detail::FutureValue<T>& state() const {
        if (state_.get() == nullptr) [[unlikely]]
            detail::throw_no_future();
        return *state_;
    }

    std::add_lvalue_reference_t<T> wait_for_value(std::stop_token stop, Timeout timeout, SourceLocation where) const {
        detail::FutureValue<T>& future = state();
        future.wait_finished(timeout, std::move(stop), where);
        if (future.exception() != nullptr) std::rethrow_exception(future.exception());
        if constexpr (std::is_reference_v<T>) {
            return *future.kept();
        } else if constexpr (!std::is_void_v<T>) {
            return future.kept();
        }
    }

    T take_value(std::stop_token stop, Timeout timeout, SourceLocation where) {
        if constexpr (std::is_object_v<T>) {
            return std::move(wait_for_value(std::move(stop), timeout, where));
        } else {
            return static_cast<T>(wait_for_value(std::move(stop), timeout, where));
        }
    }

    detail::StatePointer<detail::FutureValue<T>> state_;
};

}  // namespace threadwise

/// By identity, so that futures can be keys as in Python.
template <class T>
struct std::hash<threadwise::Future<T>> {
    std::size_t operator()(const threadwise::Future<T>& future) const noexcept {
        return std::hash<const void*>()(threadwise::detail::FutureAccess::state(future));
    }
};
