#pragma once
// ThreadPoolExecutor: runs calls on a pool of threads (Python: concurrent.futures.ThreadPoolExecutor).
//
// Calls from outside of the pool begin in the order they were submitted. Calls that its own tasks submit stay with the
// submitting worker, which runs the newest first, until other workers steal the oldest. Threads are started when there
// is work and no idle one, up to `max_workers`. An idle worker sleeps and costs nothing; nobody is woken while a worker
// is awake and looking for work.
//
// A task may wait for anything: for other tasks of the pool, for locks, queues, groups. A worker whose task sleeps at
// such a wait gives its place away, so that another thread can run what it waits for: the pool then has more threads
// than `max_workers`, but no more than that many that run. The bound is exceeded for a moment when such a wait ends.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/futures/map_results.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/futures/task_batch.hpp"
#include "threadwise/detail/pool/call_limits.hpp"
#include "threadwise/detail/threads/check_call.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/future.hpp"
#include "threadwise/pool_stats.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/thread_pool_options.hpp"

namespace threadwise {

class ThreadPoolExecutor;

namespace detail {
/// Whether a worker will run what is submitted; starts one if there is none. Also if the pool refuses everything.
THREADWISE_API bool has_worker(ThreadPoolExecutor& executor) noexcept;
Pool& pool_of(ThreadPoolExecutor& executor) noexcept;
}  // namespace detail

/// The pool for those that name none, with as many workers as the process may use cores; made when first asked for, and
/// anew in a forked child.
THREADWISE_API ThreadPoolExecutor& default_executor();

/// Thread-safe. Destroying it is the end of Python's `with` block: it waits until all that was submitted has run.
///
/// In a forked child a pool of the parent's refuses calls with a RuntimeError that says so, is destroyed without a
/// wait, and its futures that are not done never will be.
class THREADWISE_API ThreadPoolExecutor {
public:
    /// Throws ValueError if max_workers is 0 or less, or max_queued is 0. Starts no thread yet.
    explicit ThreadPoolExecutor(ThreadPoolOptions options = {});
    explicit ThreadPoolExecutor(int max_workers) : ThreadPoolExecutor(ThreadPoolOptions{.max_workers = max_workers}) {}
    ~ThreadPoolExecutor();
    ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
    ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

    /// Schedules `function(arguments...)`, moved or copied as std::thread does, and returns the future of its result.
    /// Throws RuntimeError after shutdown() ("cannot schedule new futures after shutdown"), or if the pool has no
    /// thread and none can be started ("can't start new thread"); BrokenThreadPool if an initializer has failed; and in
    /// a pool with max_queued what that entails: Full, or InterruptedError. Then nothing was submitted. If more threads
    /// cannot be started, those that there are run what was submitted, and try again.
    template <class Function, class... Arguments>
        requires(!std::is_same_v<std::decay_t<Function>, TaskOptions>)
    auto submit(Function&& function, Arguments&&... arguments) {
        detail::check_call<Function, Arguments...>();
        using Call = detail::BoundCallOf<Function, Arguments...>;
        using Result = detail::BoundResult<Function, Arguments...>;
        auto* const state = new detail::CallState<Result, Call>(pool_.get(), std::forward<Function>(function),
                                                                std::forward<Arguments>(arguments)...);
        auto future = detail::FutureAccess::adopt<Result>(state);
        submit_call(*state);
        return future;
    }

    /// The same with options of its own, for some 100 ns more. A call that is cancelled because of them gives a future
    /// that says so: cancelled() is true, result() throws CancelledError.
    template <class Function, class... Arguments>
    auto submit(TaskOptions options, Function&& function, Arguments&&... arguments) {
        detail::check_call_with_stop<Function, Arguments...>();
        if constexpr (detail::TakesStopToken<Function, Arguments...>) {
            std::stop_token stop = options.stop;
            return submit_with(std::move(options), std::forward<Function>(function), std::move(stop),
                               std::forward<Arguments>(arguments)...);
        } else {
            return submit_with(std::move(options), std::forward<Function>(function),
                               std::forward<Arguments>(arguments)...);
        }
    }

    /// submit() without a future, for less: counts no owners, and allocates nothing if the call needs at most 40 bytes
    /// and moving it is to copy its bytes (a function, a lambda that captures numbers, pointers or references).
    /// What the call throws goes to excepthook() (excepthook.hpp), as what escapes a thread does.
    template <class Function, class... Arguments>
    void fire_and_forget(Function&& function, Arguments&&... arguments) {
        detail::check_call<Function, Arguments...>();
        using Call = detail::BoundCallOf<Function, Arguments...>;
        detail::Task task;
        fill_forgotten<Call>(task, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
        try {
            submit_task(task);
        } catch (...) {
            detail::QueuedCall<Call>::destroy(task);
            throw;
        }
    }

    /// submit(function, element) for each element of the range; the futures in the same order. The queue is locked once
    /// for many calls, and one worker is woken, which wakes others if there is enough to do. If it throws, calls that
    /// have not begun are cancelled.
    template <class Function, std::ranges::input_range Range>
    auto submit_all(const Function& function, Range&& range) {
        detail::check_call_of_elements<const Function&, Range>();
        using Element = std::ranges::range_value_t<Range>;
        using Call = detail::BoundCallOf<Function, Element>;
        using Result = detail::BoundResult<Function, Element>;
        std::vector<Future<Result>> futures;
        if constexpr (std::ranges::sized_range<Range>) futures.reserve(std::ranges::size(range));
        try {
            detail::TaskBatch batch(*pool_);
            for (auto&& element : range) {
                batch.add([&](detail::Task& task) {
                    Future<Result>& future = futures.emplace_back();
                    auto* const state = new detail::CallState<Result, Call>(pool_.get(), function,
                                                                            std::forward<decltype(element)>(element));
                    future = detail::FutureAccess::adopt<Result>(state);
                    fill(task, *state);
                });
            }
            batch.submit();
        } catch (...) {
            for (const auto& future : futures) {
                if (future.valid()) future.cancel();
            }
            throw;
        }
        return futures;
    }

    /// fire_and_forget(function, element) for each element of the range, at once as above.
    template <class Function, std::ranges::input_range Range>
    void fire_and_forget_all(const Function& function, Range&& range) {
        detail::check_call_of_elements<const Function&, Range>();
        using Call = detail::BoundCallOf<Function, std::ranges::range_value_t<Range>>;
        detail::TaskBatch batch(*pool_);
        for (auto&& element : range) {
            batch.add([&](detail::Task& task) {
                fill_forgotten<Call>(task, function, std::forward<decltype(element)>(element));
            });
        }
        batch.submit();
    }

    /// Calls `function` with the elements of the ranges, side by side until the shortest ends, and gives the results in
    /// order, as a range to be read once. The elements are copied when their call is submitted; `function` is shared by
    /// all calls. Throws from the iteration what the calls throw. When the range goes, calls that have not begun are
    /// cancelled.
    template <class Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(Function&& function, Ranges&&... ranges) {
        return map(MapOptions{}, std::forward<Function>(function), std::forward<Ranges>(ranges)...);
    }
    template <class Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(MapOptions options, Function&& function, Ranges&&... ranges) {
        detail::check_shared_call_of_elements<Function, Ranges...>();
        if (options.chunksize < 1) throw ValueError("chunksize must be >= 1.");
        if (options.buffersize && (*options.buffersize == 0 || *options.buffersize > PTRDIFF_MAX)) {
            throw ValueError("buffersize must be None or > 0");
        }
        return detail::MapResults<ThreadPoolExecutor, std::decay_t<Function>, Ranges...>(
            *this, options.timeout, options.buffersize, std::forward<Function>(function),
            std::forward<Ranges>(ranges)...);
    }

    /// From now on submit() throws. `cancel_futures`: cancels all calls that have not begun. `wait`: returns when all
    /// that was submitted has run and the threads have ended; without, they go on on their own, and the process waits
    /// for them when it exits. May be called several times, but with `wait` not by the pool's own tasks (RuntimeError).
    void shutdown(bool wait = true, bool cancel_futures = false, SourceLocation where = SourceLocation::current());

    /// What the pool is doing and has done. Costs nothing but when it is called, but for `measure_times`.
    PoolStats stats() const noexcept;
    /// Calls that have been submitted from outside and have not begun, at this moment.
    std::size_t queued() const noexcept;
    /// Threads that the pool has at this moment.
    std::size_t threads() const noexcept;
    int max_workers() const noexcept;

    /// Whether the calling thread is one of the pool's workers.
    bool runs_this_thread() const noexcept;

private:
    friend class TaskGroup;
    friend bool detail::has_worker(ThreadPoolExecutor& executor) noexcept;
    friend detail::Pool& detail::pool_of(ThreadPoolExecutor& executor) noexcept;
    friend ThreadPoolExecutor& default_executor();

    template <class Call, class... Arguments>
    static void fill_forgotten(detail::Task& task, Arguments&&... arguments) {
        task.invoke = &detail::invoke_forgotten<Call>;
        task.owner = detail::TaskOwner::none();
        detail::QueuedCall<Call>::make(task, std::forward<Arguments>(arguments)...);
    }

    template <class Function, class... Arguments>
    auto submit_with(TaskOptions options, Function&& function, Arguments&&... arguments) {
        using Call = detail::BoundCallOf<Function, Arguments...>;
        using Result = detail::BoundResult<Function, Arguments...>;
        auto* const state = new detail::LimitedCallState<Result, Call>(
            pool_.get(), std::move(options), std::forward<Function>(function), std::forward<Arguments>(arguments)...);
        auto future = detail::FutureAccess::adopt<Result>(state);
        submit_limited(*state, state->limits());
        return future;
    }

    static void fill(detail::Task& task, detail::FutureState& state) noexcept;
    void submit_call(detail::FutureState& state);
    void submit_limited(detail::FutureState& state, detail::CallLimits& limits);
    void submit_task(detail::Task& task);

    std::shared_ptr<detail::Pool> pool_;
};

}  // namespace threadwise
