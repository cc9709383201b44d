#pragma once
// What the workers of a pool share: the queues of tasks, the table of workers, and how many of them are idle.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "platform/internal_lock.hpp"
#include "pool/call_counts.hpp"
#include "pool/idle_state.hpp"
#include "pool/injection_queue.hpp"
#include "pool/ranked_queue.hpp"
#include "pool/worker_table.hpp"
#include "runtime/base/function_ref.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/semaphore.hpp"
#include "threadwise/thread_pool_options.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

/// Public is what a worker may do; what is protected is for the pool that owns the workers.
class PoolCore {
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

    /// Threads that wait for capacity, at most.
    static constexpr std::int64_t most_submitters = 1 << 20;
    /// All of them are let go at the end, with a permit each.
    static constexpr std::int64_t most_queued = Semaphore::max() - most_submitters;

    PoolCore(const PoolCore&) = delete;
    PoolCore& operator=(const PoolCore&) = delete;

    const Options& options() const noexcept { return options_; }
    const WorkerTable& workers() const noexcept { return workers_; }
    IdleState& idle() noexcept { return idle_; }

    /// Whether there is something that a worker could take, also if another one is about to.
    bool work_is_visible() const noexcept;
    /// Work has become visible: wakes or starts a worker, if IdleState says so. If no thread can be started, those that
    /// there are will come to it.
    void wake_worker() noexcept;

    /// Tasks have been queued. Wakes a worker if none searches; and another one if the one that was woken last has not
    /// come for a while, because its core is busy with something else.
    void wake_for_work() noexcept {
        if (idle_.needs_waking()) {
            wake_worker();
        } else if (idle_.may_be_late()) [[unlikely]] {
            wake_another_if_late();
        }
    }

    /// The next task that has a priority above 0, or any of its own: in memory that is the caller's from now on.
    Task* take_urgent() noexcept { return without_capacity(ranked_.pop_urgent()); }
    Task* take_ranked() noexcept { return without_capacity(ranked_.pop()); }
    /// The next task from outside. It lies in its segment until give_back() says that it has run.
    InjectionQueue::Taken take_injected() noexcept {
        const InjectionQueue::Taken taken = injection_.pop();
        without_capacity(taken.task);
        return taken;
    }
    void give_back(InjectionQueue::Segment& segment, std::uint32_t count) noexcept { injection_.done(segment, count); }

    /// Whether a burst of tasks has left memory behind, and: back to the system with it, if nothing is going on.
    bool has_memory_to_give() const noexcept { return injection_.has_grown(); }
    void give_memory_back() noexcept { injection_.give_memory_back(); }

    /// Whether it takes calls no more, so that a worker without work ends.
    bool is_closed() const noexcept { return injection_.closed(); }
    bool is_broken() const noexcept { return broken_.load(std::memory_order_acquire); }  // acquire: sees it closed, too
    /// An initializer has failed.
    void break_down();

    /// A worker that searches and finds nothing spins, ...
    bool spin(runtime::Waiting& waiting, runtime::FunctionRef<bool()> ready) noexcept;
    /// ... sleeps until wake_worker(), ...
    runtime::Wakeup sleep(runtime::Waiting& waiting);
    /// ... or, being one too many, sleeps until a slot is free. After `woken`, owns_slot() says whether it has it.
    runtime::Wakeup stand_by(runtime::Waiting& waiting);
    static bool owns_slot(const runtime::Waiting& waiting) noexcept { return waiting.token() == slot_given; }

    /// A worker that searches ends. False: it must go on, it is the last one and there still is work.
    bool leave() noexcept;
    /// The same for one that stands by, which searches if it is refused.
    bool leave_standing_by() noexcept;
    /// A worker that may not run anything ends.
    void leave_broken() noexcept;
    /// A worker whose thread was ended by a task ends. The last one not before another has come, if there is work.
    void leave_to_others();

    /// A worker's thread is about to be started; it has ended, or never began.
    void add_thread() noexcept { threads_.fetch_add(1, std::memory_order_relaxed); }  // relaxed: it is not there yet
    void remove_thread() noexcept;

protected:
    /// Workers that stand in for those that wait, at most.
    static constexpr std::size_t most_stand_ins = 2048;

    explicit PoolCore(Options options);
    ~PoolCore() = default;

    /// Has a worker started or a stand-in woken, if IdleState still says so.
    virtual void fill_slot() noexcept = 0;

    void close() noexcept;
    void attend() noexcept THREADWISE_REQUIRES(threads_lock_);
    void drop(Task& task, TaskAction action);
    void drop_queued(TaskAction action);
    void count_elsewhere(TaskOutcome outcome) noexcept;
    void wake_sleeper() noexcept;
    void wake_all_sleepers() noexcept;
    bool wake_stand_in() noexcept;
    void become_orphan(bool has_worker) noexcept THREADWISE_UNCHECKED;

    const Options options_;
    IdleState idle_;
    InjectionQueue injection_;
    RankedQueue ranked_;
    const std::unique_ptr<Semaphore> capacity_;  ///< what is left of max_queued; null without
    WorkerTable workers_;

    /// What ends on other threads than the workers. Written under the lock, read without it.
    platform::InternalLock counts_lock_;
    CallCounts counts_;

    platform::InternalLock threads_lock_;  ///< guards starting threads, too
    /// Workers that come to what is queued, sooner or later: they run, wait in a task, sleep, or stand by. With none
    /// the queues refuse all tasks, so that none is accepted that nobody would run.
    std::size_t attending_ THREADWISE_GUARDED_BY(threads_lock_) = 0;
    std::atomic<std::size_t> threads_{0};  ///< that are alive

private:
    /// The token of a stand-in that has been given a slot.
    static constexpr std::uint32_t slot_given = 1;

    /// A task leaves its queue, and with it the capacity that it has taken up.
    Task* without_capacity(Task* task) noexcept {
        if (capacity_ != nullptr && task != nullptr && task->owner.takes_capacity()) capacity_->release();
        return task;
    }
    bool may_leave() noexcept THREADWISE_REQUIRES(threads_lock_);
    void wake_another_if_late() noexcept;

    std::atomic<bool> broken_{false};
    /// Sleepers sleep on this; guarded by the lock of its bucket. Wake-ups sent before their sleeper was queued.
    std::uint32_t wake_ups_ = 0;
    std::atomic<platform::Instant> last_wake_up_{platform::Instant{}};
    /// Workers that are one too many sleep on this one's address, until they can stand in again.
    char stand_ins_ = 0;
};

}  // namespace threadwise::detail
