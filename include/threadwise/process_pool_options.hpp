#pragma once

/// \file
/// How a ProcessPoolExecutor is made, what may be asked of one call, and what its calls fail with.

#include <optional>
#include <type_traits>

#include "threadwise/detail/multiprocessing/processes/pack_call.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// A call could not be finished because its worker process ended: it was killed, crashed, or left by exit(). Other
/// calls of the pool are not concerned, unless it was the initializer that failed.
class THREADWISE_API BrokenProcessPool : public BrokenExecutor {
public:
    using BrokenExecutor::BrokenExecutor;
    ~BrokenProcessPool() override;
};

/// What a call in another process has thrown, where its type is none that can be made again here: what() says the type
/// and its text. The standard's exceptions and threadwise's own arrive as themselves.
class THREADWISE_API RemoteError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~RemoteError() override;
};

/// A function and its arguments, to be called in other processes: `RemoteCall(load_model, path)`.
class RemoteCall {
public:
    template <class Function, class... Arguments>
        requires(!std::is_same_v<std::decay_t<Function>, RemoteCall>)
    explicit RemoteCall(const Function& function, const Arguments&... arguments)
        : call_(multiprocessing::detail::pack_call<multiprocessing::detail::Results::dropped>(
              multiprocessing::detail::Passing::bytes, function, arguments...)) {}

    multiprocessing::detail::PackedCall& packed() noexcept { return call_; }

private:
    multiprocessing::detail::PackedCall call_;
};

/// The keyword arguments of Python's constructor.
struct ProcessPoolOptions {
    /// Processes, at most. Without it: as many as there are cores.
    std::optional<int> max_workers = std::nullopt;
    /// Called by each worker before its first call. If that throws or ends the worker, the pool is broken: all calls
    /// that wait, and all later ones, fail with BrokenProcessPool.
    std::optional<RemoteCall> initializer = std::nullopt;
    /// After so many calls a worker ends, and another one is started when it is needed.
    std::optional<int> max_tasks_per_child = std::nullopt;
};

/// What may be asked of one call: `pool.submit({.time_limit = 2s}, function)`.
struct ProcessTaskOptions {
    /// A call that runs for longer is ended, with its process: its future fails with TimeoutError.
    Timeout time_limit = forever;
};

}  // namespace threadwise
