#pragma once
// A thread pool: takes tasks in, starts the workers that run them, and ends.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "pool/live_pools.hpp"
#include "pool/pool_core.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/pool_stats.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise {
class ThreadPoolExecutor;
}  // namespace threadwise

namespace threadwise::detail {

class CallLimits;
class PoolWorker;

/// What a pool does, after shutdown, with a task that one of its own tasks submits.
enum class AfterShutdown : std::uint8_t { refuse, accept };

/// Owned by its executor and by each of its threads.
class Pool final : public PoolCore, public LivePool, public std::enable_shared_from_this<Pool> {
public:
    explicit Pool(Options options);
    ~Pool();

    // pool_submit.cpp: how a task gets into a queue.

    /// Queues a task from any thread. Throws RuntimeError after shutdown, or if the pool has no thread and none can be
    /// started; BrokenThreadPool if broken; Full. The task is still the caller's then.
    void submit(Task& task, AfterShutdown after_shutdown = AfterShutdown::refuse);
    /// The same for a call with limits.
    void submit(Task& task, const CallLimits& limits);
    /// Several at once. Those that have been queued are gone, also when it throws.
    void submit(std::span<Task> tasks);
    /// Queues a call of a helper for Crew, which takes no capacity and is counted nowhere. Throws as submit() does.
    void submit_helper(Task& task);
    bool lets_callers_help() const noexcept;

    // pool.cpp: its threads, and its end.

    /// Whether a worker will see what is queued; starts one if there is none. Also if the pool refuses everything.
    bool try_attend() noexcept;

    void shutdown(bool wait, bool cancel_futures, SourceLocation where);
    /// The same for a destructor: an interrupt does not end the wait, and is left for the thread's next one.
    void end(bool wait);

    /// In a forked child: the pool's threads and what they did are the parent's. All that is left to do is to say so:
    /// calls are refused, and nothing is waited for. What it held stays in memory, half changed as it may be.
    void become_orphan() noexcept override;
    bool is_orphan() const noexcept { return self_ != nullptr; }

    std::size_t queued() const noexcept { return injection_.size() + ranked_.size(); }
    /// Threads that are alive. relaxed: a count.
    std::size_t threads() const noexcept { return threads_.load(std::memory_order_relaxed); }
    PoolStats stats() const noexcept;
    /// One of its calls has ended on the calling thread.
    void count(TaskOutcome outcome) noexcept;

private:
    static TaskOutcome invoke_boxed(Task& box, TaskAction action);
    static TaskOutcome invoke_timed(Task& box, TaskAction action);

    void submit_watched(Task& task, const CallLimits* limits);
    bool take_capacity(const CallLimits* limits);
    void enqueue_timed(Task& task, int priority);
    void enqueue(Task& task, int priority = 0, AfterShutdown after_shutdown = AfterShutdown::refuse);
    void push_own(Task& task);
    void push_boxed(Task& own);
    void attend_or_throw();
    [[noreturn]] void throw_refusal() const;

    PoolWorker& worker(std::size_t index) const noexcept;
    PoolWorker* vacant_worker();
    bool start_worker() noexcept THREADWISE_REQUIRES(threads_lock_);
    void fill_slot() noexcept override;
    void fill_one_slot() noexcept;
    void alert_blocked_workers() noexcept;
    void wait_for_threads(SourceLocation where, bool may_fail);

    void close_at_exit() override { shutdown(false, false, {}); }

    /// Calls of fill_slot() that are not yet served. The thread that makes it 1 serves them all.
    std::atomic<std::size_t> slots_asked_for_{0};
    const bool watches_calls_;    ///< to keep a bound, or to measure times
    std::shared_ptr<Pool> self_;  ///< an orphan's, so that it is never destroyed
};

/// The pool of an executor.
Pool& pool_of(ThreadPoolExecutor& executor) noexcept;

}  // namespace threadwise::detail
