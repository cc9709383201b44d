#pragma once
// How a ThreadPoolExecutor is to be made, and what may be asked of one call.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "threadwise/timeout.hpp"

namespace threadwise {

/// What becomes of a call that is submitted while `max_queued` others wait.
enum class WhenFull : std::uint8_t {
    block,          ///< its submitter waits for room
    reject,         ///< submit() throws Full
    run_in_caller,  ///< its submitter makes it, here and now: a submitter that is too fast is slowed down
};

/// The keyword arguments of Python's constructor, and more.
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
    /// Calls from outside that may wait to begin, at most. What the pool's own tasks submit, or a TaskGroup forks, is
    /// neither counted nor held up: that could not end well.
    std::optional<std::size_t> max_queued = std::nullopt;
    WhenFull when_full = WhenFull::block;
    /// Whether stats() tells how long calls waited and ran. Costs an allocation and three looks at the clock a call.
    bool measure_times = false;
};

/// What may be asked of one call: `pool.submit({.priority = 1}, function)`.
struct TaskOptions {
    /// Calls above 0 begin before all others, the highest first; calls below 0 when there is nothing else to do. Equal
    /// ones begin in the order they were submitted. Nothing that runs is interrupted.
    int priority = 0;
    /// A call that has not begun so long after it was submitted is cancelled; that is found out when its turn comes.
    Timeout start_within = forever;
    /// Once stop is requested, a call that has not begun is cancelled at once. A function that takes a std::stop_token
    /// before its other arguments is given this one.
    std::stop_token stop = {};
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

}  // namespace threadwise
