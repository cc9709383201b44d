#pragma once

/// \file
/// `ProcessPoolExecutor` makes calls in processes of its own (Python: concurrent.futures.ProcessPoolExecutor).
///
///     int main() {
///         threadwise::multiprocessing::freeze_support();        // first: see multiprocessing/freeze_support.hpp
///         threadwise::ProcessPoolExecutor pool({.max_workers = 4});
///         threadwise::Future<double> area = pool.submit(integrate, 0.0, 1.0);
///         for (double value : pool.map({.chunksize = 16}, integrate_from, starts)) ...
///         pool.submit({.time_limit = 2s}, parse, untrusted);    // ended, with its process, after two seconds
///     }
///
/// It takes what a ThreadPoolExecutor takes, as far as that can be passed to another process: functions, static
/// members, instantiations of templates, lambdas without captures; arguments and results as of a Process
/// (multiprocessing/process.hpp). What cannot be passed does not compile.
///
/// **When a worker dies**, because a call crashes, calls exit(), or somebody kills it, that call fails with
/// BrokenProcessPool, which says how; the pool goes on, and calls that had not begun go to another worker. (In Python
/// all calls fail, and the pool is of no more use.)
///
/// **Exceptions** arrive as themselves where they are the standard's or threadwise's own, others as RemoteError.
///
/// Workers are started when they are needed, and end with the pool, or with this process in whatever way that ends. For
/// each there is a thread here, which waits for it. A worker keeps what its calls leave behind (statics, the working
/// directory) for later calls.

#include <cstddef>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "threadwise/detail/multiprocessing/pool/chunk.hpp"
#include "threadwise/detail/multiprocessing/pool/process_task.hpp"
#include "threadwise/detail/threads/check_call.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/executor.hpp"
#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/multiprocessing/freeze_support.hpp"
#include "threadwise/process_pool_options.hpp"
#include "threadwise/thread_pool_options.hpp"

namespace threadwise {

namespace multiprocessing {
class ProcessPool;
}

/// All functions may be called by all threads at once. In a process that was forked, its parent's executors throw
/// RuntimeError.
class THREADWISE_API ProcessPoolExecutor {
public:
    /// Throws ValueError for less than one worker or one task a child. Nothing is started yet.
    explicit ProcessPoolExecutor(ProcessPoolOptions options = {});
    explicit ProcessPoolExecutor(int max_workers)
        : ProcessPoolExecutor(ProcessPoolOptions{.max_workers = max_workers}) {}

    /// As shutdown().
    ~ProcessPoolExecutor();
    ProcessPoolExecutor(const ProcessPoolExecutor&) = delete;
    ProcessPoolExecutor& operator=(const ProcessPoolExecutor&) = delete;

    /// Schedules `function(arguments...)`, with copies of the arguments, in one of the processes. The future can be
    /// cancelled until the call begins. Throws RuntimeError after shutdown(), if main() has not called
    /// freeze_support(), or if the system has no thread for the first worker; BrokenProcessPool if an initializer has
    /// failed; and what copying the arguments throws. Then nothing was submitted. If the system has no process to give,
    /// the call fails with that OSError.
    template <class Function, class... Arguments>
        requires(!std::is_same_v<std::decay_t<Function>, ProcessTaskOptions>)
    auto submit(const Function& function, const Arguments&... arguments) {
        return submit(ProcessTaskOptions{}, function, arguments...);
    }
    template <class Function, class... Arguments>
    auto submit(ProcessTaskOptions options, const Function& function, const Arguments&... arguments) {
        namespace remote = multiprocessing::detail;
        detail::check_call<const Function&, remote::Passed<const Arguments&>...>();
        using Result =
            remote::Passed<std::invoke_result_t<std::decay_t<const Function&>, remote::Passed<const Arguments&>...>>;
        return submit_packed<Result, remote::ReadResult<Result>>(
            remote::pack_call<remote::Results::kept>(remote::Passing::bytes, function, arguments...),
            options.time_limit);
    }

    /// Calls `function` with the elements of the ranges until the shortest ends, `chunksize` calls at a time in one
    /// process, and gives the results in order, as a range to be read once. (A function that returns nothing gives
    /// empty structs.) Throws from the iteration what a call has thrown: all results of its chunk are lost, as in
    /// Python. When the range goes, chunks that have not begun are cancelled. `buffersize` counts chunks.
    template <class Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(const Function& function, Ranges&&... ranges) {
        return map(MapOptions{}, function, std::forward<Ranges>(ranges)...);
    }
    template <class Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(MapOptions options, const Function& function, Ranges&&... ranges) {
        namespace remote = multiprocessing::detail;
        if (options.chunksize < 1) throw ValueError("chunksize must be >= 1.");
        if (options.buffersize && *options.buffersize == 0) throw ValueError("buffersize must be None or > 0");
        const auto submit = [executor = this]<class Result, class Reader>(remote::PackedCall call) {
            return executor->submit_packed<Result, Reader>(std::move(call), forever);
        };
        return remote::ChunkedResults<decltype(submit), std::decay_t<const Function&>, Ranges...>(
            submit, options.timeout, static_cast<std::uint64_t>(options.chunksize), options.buffersize, function,
            std::forward<Ranges>(ranges)...);
    }

    /// From now on submit() throws. `cancel_futures`: cancels all calls that have not begun. `wait`: returns when all
    /// that was submitted has run and the processes have ended; without, that goes on on its own, and this process
    /// waits for it when it exits.
    void shutdown(bool wait = true, bool cancel_futures = false);

    /// End all workers at once, by SIGTERM or SIGKILL: calls that run fail with BrokenProcessPool, the others are
    /// cancelled, and the pool is shut down. A worker may ignore SIGTERM.
    ///@{
    void terminate_workers();
    void kill_workers();
    ///@}

    int max_workers() const noexcept;
    /// Calls that have been submitted and have not begun, at this moment.
    std::size_t queued() const;

private:
    template <class Result, class Reader>
    Future<Result> submit_packed(multiprocessing::detail::PackedCall call, Timeout limit) {
        auto task = std::make_unique<multiprocessing::detail::TaskOf<Result, Reader>>(std::move(call), limit);
        Future<Result> future = task->future();
        submit_task(std::move(task));
        return future;
    }
    void submit_task(std::unique_ptr<multiprocessing::detail::ProcessTask> task);

    std::shared_ptr<multiprocessing::ProcessPool> pool_;
};

}  // namespace threadwise
