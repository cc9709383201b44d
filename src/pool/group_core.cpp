#include "threadwise/detail/pool/group_core.hpp"

#include <utility>

#include "pool/pool.hpp"
#include "pool/pool_worker.hpp"
#include "runtime/waiting/door.hpp"
#include "runtime/waiting/spin.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {

void GroupCore::forked_visibly(Task& task, WorkDeque::Pushed pushed) noexcept {
    if (pushed == WorkDeque::Pushed::full) {
        // There is plenty to steal already: this one waits here for room, or for the join.
        task.next = std::exchange(kept_back_, &task);
        return;
    }
    if (home_->others_are_idle()) home_->deque().share_all();
    pool_->wake_worker();
}

void GroupCore::fork_from_elsewhere(Task& task) {
    elsewhere_.fetch_add(one, std::memory_order_relaxed);  // relaxed: the queue orders it before the task's end
    try {
        pool_->submit(task, AfterShutdown::accept);
    } catch (...) {
        count_one_less_elsewhere();
        throw;
    }
}

// NOLINTNEXTLINE(bugprone-exception-escape): by another thread than the group's, which must not go unnoticed
void GroupCore::abandon() noexcept {
    cancel();
    interrupted_ = false;
    join(SourceLocation());
    if (interrupted_) runtime::interrupt(runtime::this_record());
}

void GroupCore::join_slow(const SourceLocation& where) {
    if (home_ != nullptr && home_ != this_worker) {
        throw RuntimeError("TaskGroup.wait() was called on another thread than the one that made the group");
    }
    for (;;) {
        if (home_ != nullptr) {
            run_own();
            // acq_rel: sees what ran elsewhere. From now on `elsewhere_` counts all that is not done.
            elsewhere_.fetch_add(std::exchange(here_, 0) * one, std::memory_order_acq_rel);
        }
        if (elsewhere_.load(std::memory_order_acquire) == 0) return;
        if (home_ != nullptr && (help() || spin_for_others())) continue;
        wait_for_others(where);
    }
}

void GroupCore::run_own() {
    while (here_ != 0) {
        Task* task = take_own();
        if (task == nullptr) {
            if (kept_back_ == nullptr) return;
            task = std::exchange(kept_back_, kept_back_->next);
            task->owner = TaskOwner(*this);
            push_kept_back();
        }
        run_here(*task);
    }
}

// The newest task of the deque, if it is the group's.
Task* GroupCore::take_own() noexcept {
    WorkDeque& deque = home_->deque();
    if (Task* const task = deque.pop_private(TaskOwner(*this))) return task;
    Task* const task = deque.pop();
    if (task == nullptr || task->owner == TaskOwner(*this)) return task;
    // Somebody else's work may not run on top of this task: it goes back, for thieves.
    deque.push(*task);
    deque.share_all();
    pool_->wake_worker();
    return nullptr;
}

void GroupCore::push_kept_back() noexcept {
    bool shared = false;
    while (kept_back_ != nullptr) {
        Task* const next = kept_back_->next;
        kept_back_->owner = TaskOwner(*this);
        const WorkDeque::Pushed pushed = home_->deque().push(*kept_back_);
        if (pushed == WorkDeque::Pushed::full) {
            kept_back_->next = next;
            break;
        }
        shared = shared || pushed == WorkDeque::Pushed::shared;
        kept_back_ = next;
    }
    if (shared) pool_->wake_worker();
}

// Leapfrogging (Wagner and Calder, "Leapfrogging: a portable technique for implementing efficient futures", 1993): a
// worker that waits for a thief steals from that thief, and only what the stolen task has forked.
bool GroupCore::help() {
    if (home_->deque().has_given_up()) return false;
    const std::uint64_t trail =
        trail_.load(std::memory_order_acquire);  // acquire: pairs with GroupState::run_elsewhere()
    if (trail == 0) return false;
    Task* const task = PoolWorker::follow(pool_->workers(), trail);
    if (task == nullptr) return false;
    // If the trail has ended meanwhile, the task may be anybody's.
    if (trail_.load() != trail) {
        home_->deque().give_up(*task);
        pool_->wake_worker();
        return true;
    }
    const Finally free([this, task] { home_->free_task(*task); });
    static_cast<PoolWorker*>(home_)->execute(*task);
    return true;
}

bool GroupCore::spin_for_others() noexcept {
    runtime::SpinMemory always;
    pool_->idle().begin_help();
    const bool found = runtime::spin_until(always, platform::never, {2}, [this] {
        // relaxed: the loop looks again.
        if (elsewhere_.load(std::memory_order_relaxed) == 0) return true;
        const std::uint64_t trail = trail_.load(std::memory_order_relaxed);
        return trail != 0 && !home_->deque().has_given_up() && PoolWorker::can_follow(pool_->workers(), trail);
    });
    pool_->idle().end_help();
    return found;
}

void GroupCore::wait_for_others(const SourceLocation& where) {
    auto all_done = [this] { return elsewhere_.load(std::memory_order_acquire) == 0; };
    runtime::Waiting waiting(
        {.kind = runtime::WaitKind::task_group, .may_fail = false, .object = this, .where = where});
    if (waiting.spin(&elsewhere_, all_done)) return;
    const runtime::Wakeup wakeup = waiting.park(&elsewhere_, [this] {
        // acquire: if it is zero, see what the tasks did. If only the bit is left, the wake-up is about to come.
        std::int64_t left = elsewhere_.load(std::memory_order_acquire);
        while (left != 0 && (left & has_waiter) == 0) {
            if (elsewhere_.compare_exchange_weak(left, left | has_waiter, std::memory_order_acquire)) break;
        }
        return left != 0;
    });
    if (wakeup == runtime::Wakeup::interrupted) {
        runtime::take_interrupt(waiting.record());
        interrupted_ = true;
        failures_.interrupt("interrupted while waiting for a TaskGroup's tasks");
    }
}

}  // namespace threadwise::detail
