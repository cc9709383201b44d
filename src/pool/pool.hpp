#pragma once
// What a thread pool is made of: the queue of tasks from outside, the workers, and who of them is idle.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "platform/clock.hpp"
#include "platform/internal_lock.hpp"
#include "pool/call_counts.hpp"
#include "pool/idle_state.hpp"
#include "pool/injection_queue.hpp"
#include "pool/live_pools.hpp"
#include "pool/ranked_queue.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/pool_stats.hpp"
#include "threadwise/semaphore.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/thread_pool_options.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {
class Thread;
class ThreadPoolExecutor;
}  // namespace threadwise

namespace threadwise::detail {

class CallLimits;
class PoolWorker;

/// Owned by its executor and by each of its threads.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    struct Options {
        std::size_t max_workers;
        std::string thread_name_prefix;
        std::function<void()> initializer;
        Timeout idle_timeout;
        bool replace_sleepers;
        std::optional<std::size_t> max_queued;
        WhenFull when_full;
        bool measure_times;
    };

    explicit Pool(Options options);
    ~Pool();

    /// Threads that wait for room in its queue, at most.
    static constexpr std::int64_t most_submitters = 1 << 20;
    /// All of them are let go at the end, with a permit each.
    static constexpr std::int64_t most_queued = Semaphore::max() - most_submitters;

    /// What is accepted after shutdown: nothing, or what tasks that still run fork.
    enum class Accept : std::uint8_t { nothing, group_tasks };

    /// Queues a task from any thread. Throws RuntimeError after shutdown, or if the pool has no thread and none can be
    /// started; BrokenThreadPool if broken; Full. The task is still the caller's then.
    void submit(Task& task, Accept after_shutdown = Accept::nothing);
    /// The same for a call with limits.
    void submit(Task& task, const CallLimits& limits);
    /// Several at once. Those that have been queued are gone, also when it throws.
    void submit(std::span<Task> tasks);

    /// Queues a call of Crew::invoke_helper(), which takes no capacity and is counted nowhere. Throws as submit() does.
    void submit_helper(Task& task);
    bool lets_callers_help() const noexcept;

    /// Work has become visible: see IdleState. If no thread can be started, those that there are will come to it.
    void announce() noexcept;

    /// Whether a worker will see what is queued; starts one if there is none. Also if the pool refuses everything.
    bool try_attend() noexcept;

    void begin_help() noexcept { idle_.begin_help(); }
    void end_help() noexcept { idle_.end_help(); }

    void shutdown(bool wait, bool cancel_futures, SourceLocation where);
    /// The same for a destructor: an interrupt does not end the wait, and is left for the thread's next one.
    void end(bool wait);

    /// In a forked child: the pool's threads and what they did are the parent's. All that is left to do is to say so:
    /// calls are refused, and nothing is waited for. What it held stays in memory, half changed as it may be.
    void become_orphan() noexcept;
    bool is_orphan() const noexcept { return self_ != nullptr; }

    const Options& options() const noexcept { return options_; }
    LivePoolPlace& live_place() noexcept { return live_place_; }
    std::size_t queued() const noexcept { return injection_.size() + ranked_.size(); }
    PoolStats stats() const noexcept;
    /// One of its calls has ended on the calling thread.
    void count(TaskOutcome outcome) noexcept;
    /// Threads that are alive.
    std::size_t threads() const noexcept { return alive_.load(std::memory_order_relaxed); }  // relaxed: a count

private:
    friend class PoolWorker;

    /// The token of a stand-in that has been given a place.
    static constexpr std::uint32_t has_place = 1;

    /// Workers that stand in for those that wait, at most.
    static constexpr std::size_t most_stand_ins = 2048;

    static TaskOutcome invoke_boxed(Task& box, TaskAction action);
    static TaskOutcome invoke_timed(Task& box, TaskAction action);

    void submit_watched(Task& task, const CallLimits* limits);
    bool take_place(const CallLimits* limits);
    void enqueue_timed(Task& task, int priority);
    void enqueue(Task& task, int priority = 0, Accept after_shutdown = Accept::nothing);
    void push_own(Task& task);
    void push_boxed(Task& own);
    void attend();

    InjectionQueue::Taken take_injected() noexcept;
    Task* take_ranked(RankedQueue::Taken taken) noexcept;

    bool work_is_visible() const noexcept;
    void close() noexcept;
    void drop(Task& task, TaskAction action);
    void break_down();
    void drop_queued(TaskAction action);
    void throw_refusal() const;

    void wake_sleeper() noexcept;
    void wake_all_sleepers() noexcept;
    void fill_vacancy() noexcept;
    bool wake_stand_in() noexcept;
    bool start_worker() noexcept;
    PoolWorker* vacant_worker();
    void alert_blocked_workers() noexcept;
    bool may_leave() noexcept;
    bool leave() noexcept;
    bool leave_standing_by() noexcept;
    void leave_broken() noexcept;
    void leave_to_others();
    void wait_for_threads(SourceLocation where);

    const Options options_;
    IdleState idle_;
    InjectionQueue injection_;
    RankedQueue ranked_;
    const std::unique_ptr<Semaphore> places_;  ///< what is left of max_queued; null without
    const bool watches_calls_;                 ///< to keep a bound, or to measure times
    std::atomic<bool> broken_{false};
    std::shared_ptr<Pool> self_;  ///< an orphan's, so that it is never destroyed
    LivePoolPlace live_place_;

    /// What ends on other threads than the workers.
    platform::InternalLock counts_lock_;
    CallCounts counts_;

    /// Sleepers sleep on this; guarded by the lock of its bucket. Wake-ups sent before their sleeper was queued.
    std::uint32_t wake_ups_ = 0;
    /// Workers that are one too many sleep on this one's address, until they can stand in again.
    char stand_ins_ = 0;

    platform::InternalLock threads_lock_;  ///< guards starting threads, and what follows
    /// Workers that come to what is queued, sooner or later: they run, wait in a task, sleep, or stand by. With none
    /// the queues refuse all tasks, so that none is accepted that nobody would run.
    std::size_t attending_ = 0;
    std::atomic<std::size_t> alive_{0};
    std::atomic<std::size_t> worker_count_{0};  ///< how many of workers_ there are
    std::unique_ptr<std::atomic<PoolWorker*>[]> workers_;
};

/// The pool of an executor.
Pool& pool_of(ThreadPoolExecutor& executor) noexcept;

}  // namespace threadwise::detail
