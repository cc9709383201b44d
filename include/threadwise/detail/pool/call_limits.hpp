#pragma once
// What a call heeds that was submitted with options of its own.

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

/// Made when the call is submitted. Used by the submitter, then by whoever takes the call out of the queue.
class THREADWISE_API CallLimits {
public:
    explicit CallLimits(TaskOptions options);

    int priority() const noexcept { return options_.priority; }
    const std::stop_token& stop() const noexcept { return options_.stop; }
    /// Until when the call may wait to begin.
    Timeout left() const noexcept;
    /// Throws NotBegun once that is over.
    void expect_time_left() const;

    /// From now on a request to stop cancels the call.
    void listen(FutureState& state);
    /// Ends that, for the holder of the queue's count of the state. True: the count still is the caller's. False: a
    /// request to stop is being answered by another thread, which is calling the future's callbacks and may be waiting
    /// in one of them; the call is cancelled, and the count is that thread's.
    [[nodiscard]] bool stop_listening();
    bool listens() const noexcept { return on_stop_.has_value(); }

private:
    struct Cancel {
        CallLimits* limits;
        FutureState* state;
        void operator()() const;
    };

    /// Which side gives back the queue's count of the state: the queue's side, unless it leaves while a request to stop
    /// is being answered.
    enum class Answer : std::uint8_t { none, being_given, given, left };

    TaskOptions options_;
    std::chrono::steady_clock::time_point deadline_;
    std::atomic<Answer> answer_{Answer::none};
    std::optional<std::stop_callback<Cancel>> on_stop_;
};

/// A future together with a call that has limits.
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
