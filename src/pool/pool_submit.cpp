// How calls get into a pool's queues, and out again.

#include <string>
#include <utility>

#include "futures/current_worker.hpp"
#include "pool/pool.hpp"
#include "pool/pool_worker.hpp"
#include "threadwise/detail/futures/task_batch.hpp"
#include "threadwise/detail/pool/call_limits.hpp"
#include "threadwise/detail/pool/crew.hpp"
#include "threadwise/detail/pool/group_core.hpp"
#include "threadwise/detail/runtime/failure.hpp"
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

void Pool::submit(Task& task, Accept after_shutdown) {
    if (watches_calls_ && task.group == nullptr) [[unlikely]]
        return submit_watched(task, nullptr);
    enqueue(task, 0, after_shutdown);
}

void Pool::submit(Task& task, const CallLimits& limits) { submit_watched(task, &limits); }

void Pool::submit_watched(Task& task, const CallLimits* limits) {
    const bool takes_place = places_ != nullptr && !runs_here(this);
    if (takes_place && !take_place(limits)) {
        // The caller is to make the call; unless it has waited for room in vain: then that makes clear that it is late.
        const bool stopped = limits != nullptr && limits->stop().stop_requested();
        count(task.invoke(task, stopped ? TaskAction::cancel : TaskAction::run));
        return;
    }
    try {
        const int priority = limits == nullptr ? 0 : limits->priority();
        options_.measure_times ? enqueue_timed(task, priority) : enqueue(task, priority);
    } catch (...) {
        if (takes_place) places_->release();
        throw;
    }
}

/// False: there is none, and the call will not wait for one.
bool Pool::take_place(const CallLimits* limits) {
    if (injection_.closed()) throw_refusal();
    if (places_->try_acquire()) return true;
    switch (options_.when_full) {
        case WhenFull::reject:
            throw Full("the pool's queue is full: max_queued = " + std::to_string(*options_.max_queued) +
                       " calls wait; submit later, or choose another WhenFull");
        case WhenFull::run_in_caller: return false;
        case WhenFull::block: break;
    }
    return limits == nullptr ? places_->acquire(true, forever, {})
                             : places_->acquire(limits->stop(), limits->left(), {});
}

void Pool::enqueue_timed(Task& task, int priority) {
    auto timed = std::make_unique<Timed>();
    Task box{.invoke = &invoke_timed, .group = nullptr, .bytes = {}};
    box.content<Timed*>() = timed.get();
    timed->submitted = platform::now();
    timed->task = task;
    enqueue(box, priority);
    static_cast<void>(timed.release());  // the queue owns it now
}

inline void Pool::enqueue(Task& task, int priority, Accept after_shutdown) {
    const bool here = runs_here(this);
    if (priority != 0) {
        while (!ranked_.push(task, priority, !here)) attend();
    } else if (here) {
        if (injection_.closed() && after_shutdown == Accept::nothing) throw_refusal();
        push_own(task);
        this_worker->deque().share_all();
    } else {
        while (!injection_.push(task)) [[unlikely]] attend();
    }
    if (idle_.needs_waking()) announce();
}

void Pool::submit_helper(Task& task) { enqueue(task); }

bool Pool::lets_callers_help() const noexcept {
    return options_.max_workers > 1 && !options_.initializer && !injection_.closed();
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
        if (injection_.closed()) throw_refusal();
        for (Task& task : tasks) {
            push_own(task);
            task.invoke = nullptr;
        }
        this_worker->deque().share_all();
        if (idle_.needs_waking()) announce();
        return;
    }
    while (!tasks.empty()) {
        const std::size_t taken = injection_.push(tasks);
        if (taken == 0) attend();
        tasks = tasks.subspan(taken);
        if (idle_.needs_waking()) announce();
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
    Task box{.invoke = &invoke_boxed, .group = nullptr, .bytes = {}};
    box.content<Boxed>() = {&own, this};
    injection_.push_always(box);
}

InjectionQueue::Taken Pool::take_injected() noexcept {
    const InjectionQueue::Taken taken = injection_.pop();
    if (places_ != nullptr && taken.task != nullptr && taken.task->group == nullptr &&
        taken.task->invoke != &invoke_boxed && taken.task->invoke != &Crew::invoke_helper) {
        places_->release();
    }
    return taken;
}

Task* Pool::take_ranked(RankedQueue::Taken taken) noexcept {
    if (places_ != nullptr && taken.counted) places_->release();
    return taken.task;
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
