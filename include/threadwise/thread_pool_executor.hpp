#pragma once
// ThreadPoolExecutor: runs calls on a pool of threads (Python: concurrent.futures.ThreadPoolExecutor).
//
// Calls from outside of the pool begin in the order they were submitted. Calls that its own tasks submit stay with the
// submitting worker, who runs the newest first, until other workers steal the oldest. Threads are started when there is
// work and no idle one, up to `max_workers`. An idle worker sleeps and costs nothing; nobody is woken while a worker is
// awake and looking for work.
//
// A task may wait for anything: for other tasks of the pool, for locks, queues, groups. A worker whose task sleeps at
// such a wait gives its place away, so that another thread can run what it waits for: the pool then has more threads
// than `max_workers`, but no more than that many that run. The bound is exceeded for a moment when such a wait ends.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

#include "threadwise/detail/map_results.hpp"
#include "threadwise/detail/task.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/future.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// The keyword arguments of Python's constructor, and three more.
struct ThreadPoolOptions {
    /// Threads that run tasks, at most. Without it: what Python takes, min(32, cores + 4).
    std::optional<int> max_workers = std::nullopt;
    /// Workers are named PREFIX_0, PREFIX_1, ...; without it the prefix is ThreadPoolExecutor-N.
    std::string thread_name_prefix = {};
    /// Called by each worker before its first task (bind its `initargs`). If it throws, the pool is broken: all calls
    /// that wait, and all later ones, fail with BrokenThreadPool.
    std::function<void()> initializer = nullptr;
    /// A worker that has been idle for so long ends.
    Timeout idle_timeout = forever;
    /// Whether a task that merely sleeps (sleep_for) gives its place away as well.
    bool replace_sleepers = false;
};

/// The keyword arguments of Python's Executor.map().
struct MapOptions {
    /// How long, from the call of map() on, a result may take; TimeoutError from the iteration then.
    Timeout timeout = forever;
    /// Has no effect on threads, as in Python.
    int chunksize = 1;
    /// Calls that are submitted ahead of the result that is read; without it all are submitted at once.
    std::optional<std::size_t> buffersize = std::nullopt;
};

/// Thread-safe. Destroying it is the end of Python's `with` block: it waits until all that was submitted has run.
class THREADWISE_API ThreadPoolExecutor {
public:
    /// Throws ValueError if max_workers is 0 or less. Starts no thread yet.
    explicit ThreadPoolExecutor(ThreadPoolOptions options = {});
    explicit ThreadPoolExecutor(int max_workers) : ThreadPoolExecutor(ThreadPoolOptions{.max_workers = max_workers}) {}
    ~ThreadPoolExecutor();
    ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
    ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

    /// Schedules `function(arguments...)`, moved or copied as std::thread does, and returns the future of its result.
    /// Throws RuntimeError after shutdown() ("cannot schedule new futures after shutdown"), BrokenThreadPool if an
    /// initializer has failed.
    template <class Function, class... Arguments>
        requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
    auto submit(Function&& function, Arguments&&... arguments) {
        using Call = detail::BoundCallOf<Function, Arguments...>;
        using Result = detail::BoundResult<Function, Arguments...>;
        auto* const state = new detail::CallState<Result, Call>(pool_.get(), std::forward<Function>(function),
                                                                std::forward<Arguments>(arguments)...);
        auto future = detail::FutureAccess::adopt<Result>(state);
        submit_call(*state);
        return future;
    }

    /// The same without a future, for less: neither allocates, if the call needs at most 40 bytes, nor counts owners.
    /// What the call throws is reported on standard error.
    template <class Function, class... Arguments>
        requires std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>
    void fire_and_forget(Function&& function, Arguments&&... arguments) {
        using Call = detail::BoundCallOf<Function, Arguments...>;
        using Content = detail::TaskContent<Call>;
        detail::Task task;
        task.invoke = &detail::invoke_forgotten<Call>;
        task.group = nullptr;
        detail::put_call<Call>(task, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
        try {
            submit_task(task, detail::relocation<Content>());
        } catch (...) {
            std::destroy_at(&task.content<Content>());
            throw;
        }
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
        if (options.chunksize < 1) throw ValueError("chunksize must be >= 1.");
        if (options.buffersize == 0) throw ValueError("buffersize must be None or > 0");
        return detail::MapResults<ThreadPoolExecutor, std::decay_t<Function>, Ranges...>(
            *this, options.timeout, options.buffersize, std::forward<Function>(function),
            std::forward<Ranges>(ranges)...);
    }

    /// From now on submit() throws. `cancel_futures`: cancels all calls that have not begun. `wait`: returns when all
    /// that was submitted has run and the threads have ended; without, they go on on their own, and the process waits
    /// for them when it exits. May be called several times, but with `wait` not by the pool's own tasks (RuntimeError).
    void shutdown(bool wait = true, bool cancel_futures = false, SourceLocation where = SourceLocation::current());

    /// Calls that have been submitted from outside and have not begun, at this moment.
    std::size_t queued() const noexcept;
    /// Threads that the pool has at this moment.
    std::size_t threads() const noexcept;
    int max_workers() const noexcept;

    /// Whether the calling thread is one of the pool's workers.
    bool runs_this_thread() const noexcept;

private:
    friend class TaskGroup;

    void submit_call(detail::FutureState& state);
    void submit_task(detail::Task& task, detail::Task::Relocate how);

    std::shared_ptr<detail::Pool> pool_;
};

/// The pool for those who name none, with as many workers as the process may use cores; made when first asked for.
THREADWISE_API ThreadPoolExecutor& default_executor();

}  // namespace threadwise
