#pragma once
// The priority, time limit and stop token of one submitted call.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "threadwise/detail/futures/future_state.hpp"
#include "threadwise/export.hpp"
#include "threadwise/future.hpp"
#include "threadwise/thread_pool_options.hpp"

namespace threadwise::detail {

/// Made when the call is submitted. Used by the submitter, then by the thread that takes the call out of the queue.
class THREADWISE_API CallLimits {
public:
    explicit CallLimits(TaskOptions options);

    int priority() const noexcept { return options_.priority; }
    const std::stop_token& stop() const noexcept { return options_.stop; }
    /// How much longer the call may wait to begin.
    Timeout left() const noexcept;
    /// Throws NotBegun when that time is over.
    void expect_time_left() const;

    /// From now on a request to stop cancels the call, whose state this is.
    void listen(FutureState& state);
    /// Ends listen(). To be called by the owner of the queue's reference to the state. True: the caller still owns it.
    /// False: another thread is answering a request to stop just now, and may be waiting in one of the future's
    /// callbacks; the call is cancelled, and that thread owns the reference.
    [[nodiscard]] bool stop_listening();
    bool listens() const noexcept { return on_stop_.has_value(); }

private:
    struct Cancel {
        CallLimits* limits;
        FutureState* state;
        void operator()() const;
    };

    /// Decides which side drops the queue's reference to the state: the queue's side, unless it stops listening while a
    /// request to stop is being answered.
    enum class Answer : std::uint8_t { none, being_given, given, not_awaited };

    TaskOptions options_;
    std::chrono::steady_clock::time_point deadline_;
    std::atomic<Answer> answer_{Answer::none};
    std::optional<std::stop_callback<Cancel>> on_stop_;
};

/// The state of a future together with a call that has limits.
template <class T, class Call>
class LimitedCallState final : public CallState<T, Call> {
public:
    template <class... Arguments>
    explicit LimitedCallState(Pool* pool, TaskOptions options, Arguments&&... arguments)
        : CallState<T, Call>(pool, std::forward<Arguments>(arguments)...), limits_(std::move(options)) {}

    CallLimits& limits() noexcept { return limits_; }

private:
    void call() override {
        limits_.expect_time_left();
        CallState<T, Call>::call();
    }

    CallLimits limits_;
};

}  // namespace threadwise::detail
