// How a task gets into a queue of a pool: its second step, between ThreadPoolExecutor::submit() and PoolWorker::find().

#include <string>
#include <utility>

#include "futures/current_worker.hpp"
#include "pool/pool.hpp"
#include "pool/pool_worker.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "threadwise/detail/futures/task_batch.hpp"
#include "threadwise/detail/pool/call_limits.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/queue_errors.hpp"

namespace threadwise::detail {
namespace {

/// The content of a task that lies elsewhere.
struct Boxed {
    Task* task;
    Pool* pool;
};

/// The content of a task whose times are measured.
struct Timed {
    Task task;
    platform::Instant submitted;
};

}  // namespace

void Pool::submit(Task& task, AfterShutdown after_shutdown) {
    if (watches_calls_ && !task.owner.is_group()) [[unlikely]]
        return submit_watched(task, nullptr);
    enqueue(task, 0, after_shutdown);
}

void Pool::submit(Task& task, const CallLimits& limits) { submit_watched(task, &limits); }

void Pool::submit_watched(Task& task, const CallLimits* limits) {
    const bool takes_capacity = capacity_ != nullptr && !runs_here(this);
    if (takes_capacity && !take_capacity(limits)) {
        // The caller is to make the call. One that has waited for capacity in vain finds then that it is late.
        const bool stopped = limits != nullptr && limits->stop().stop_requested();
        count(task.invoke(task, stopped ? TaskAction::cancel : TaskAction::run));
        return;
    }
    if (takes_capacity) task.owner = TaskOwner::none_with_capacity();
    try {
        const int priority = limits == nullptr ? 0 : limits->priority();
        if (options_.measure_times) {
            enqueue_timed(task, priority);
        } else {
            enqueue(task, priority);
        }
    } catch (...) {
        if (takes_capacity) capacity_->release();
        throw;
    }
}

/// False: there is none, and the call will not wait for one.
bool Pool::take_capacity(const CallLimits* limits) {
    if (is_closed()) throw_refusal();
    if (capacity_->try_acquire()) return true;
    switch (options_.when_full) {
        case WhenFull::reject:
            throw Full("the pool's queue is full: max_queued = " + std::to_string(*options_.max_queued) +
                       " calls wait; submit later, or choose another WhenFull");
        case WhenFull::run_in_caller: return false;
        case WhenFull::block: break;
    }
    return limits == nullptr ? capacity_->acquire(true, forever, {})
                             : capacity_->acquire(limits->stop(), limits->left(), {});
}

void Pool::enqueue_timed(Task& task, int priority) {
    auto timed = std::make_unique<Timed>();
    Task box{.invoke = &invoke_timed, .owner = task.owner, .bytes = {}};
    box.content<Timed*>() = timed.get();
    timed->submitted = platform::now();
    timed->task = task;
    enqueue(box, priority);
    static_cast<void>(timed.release());  // the queue owns it now
}

inline void Pool::enqueue(Task& task, int priority, AfterShutdown after_shutdown) {
    const bool here = runs_here(this);
    if (priority != 0) {
        while (!ranked_.push(task, priority)) attend_or_throw();
    } else if (here) {
        if (is_closed() && after_shutdown == AfterShutdown::refuse) throw_refusal();
        push_own(task);
        this_worker->deque().share_all();
    } else {
        while (!injection_.push(task)) [[unlikely]] attend_or_throw();
    }
    wake_for_work();
}

void Pool::submit_helper(Task& task) { enqueue(task); }

bool Pool::lets_callers_help() const noexcept {
    return options_.max_workers > 1 && !options_.initializer && !is_closed();
}

/// Returns once a worker attends to the queues, or throws.
void Pool::attend_or_throw() {
    if (!try_attend()) {
        throw RuntimeError(
            "can't start new thread: the pool has none, and the system gives none; nothing was queued, try again when "
            "other threads have ended or memory is free");
    }
    if (is_closed()) throw_refusal();
}

void Pool::throw_refusal() const {
    if (is_orphan()) {
        throw RuntimeError(
            "the pool was made before fork(): its threads are the parent's; make another one in the child");
    }
    if (is_broken()) throw BrokenThreadPool("A thread initializer failed, the thread pool is not usable anymore");
    runtime::hold_if_exiting();  // the pool may have been shut down by another thread's exit()
    throw RuntimeError("cannot schedule new futures after shutdown");
}

void Pool::submit(std::span<Task> tasks) {
    if (watches_calls_) {
        for (Task& task : tasks) {
            submit_watched(task, nullptr);
            task.invoke = nullptr;
        }
        return;
    }
    if (runs_here(this)) {
        if (is_closed()) throw_refusal();
        for (Task& task : tasks) {
            push_own(task);
            task.invoke = nullptr;
        }
        this_worker->deque().share_all();
        wake_for_work();
        return;
    }
    while (!tasks.empty()) {
        const std::size_t taken = injection_.push(tasks);
        if (taken == 0) attend_or_throw();
        tasks = tasks.subspan(taken);
        wake_for_work();
    }
}

void Pool::push_own(Task& task) {
    Worker& worker = *this_worker;
    Task& own = worker.new_task();
    own = task;
    if (worker.deque().push(own) != WorkDeque::Pushed::full) [[likely]]
        return;
    try {
        push_boxed(own);
    } catch (...) {
        worker.free_task(own);
        throw;
    }
}

void TaskBatch::submit() {
    if (count_ == 0) return;
    pool_.submit(std::span(tasks_).first(count_));
    count_ = 0;
}

/// Queues what the worker's deque has no room for.
void Pool::push_boxed(Task& own) {
    Task box{.invoke = &invoke_boxed, .owner = TaskOwner::none(), .bytes = {}};
    box.content<Boxed>() = {&own, this};
    injection_.push_always(box);
}

TaskOutcome Pool::invoke_boxed(Task& box, TaskAction action) {
    const auto [task, pool] = box.content<Boxed>();
    if (action == TaskAction::run) {
        const Finally free([task = task] { this_worker->free_task(*task); });
        static_cast<PoolWorker*>(this_worker)->execute(*task);
    } else {
        const std::unique_ptr<Task> owned(task);
        pool->drop(*task, action);
    }
    return TaskOutcome::other;
}

TaskOutcome Pool::invoke_timed(Task& box, TaskAction action) {
    const std::unique_ptr<Timed> timed(box.content<Timed*>());
    const platform::Instant began = platform::now();
    const TaskOutcome outcome = timed->task.invoke(timed->task, action);
    const bool ran = outcome == TaskOutcome::done || outcome == TaskOutcome::failed || outcome == TaskOutcome::counted;
    if (ran && action == TaskAction::run) {
        static_cast<PoolWorker*>(this_worker)->count_times(timed->submitted, began, platform::now());
    }
    return outcome;
}

}  // namespace threadwise::detail
