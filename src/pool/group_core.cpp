#include "threadwise/detail/pool/group_core.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "pool/pool.hpp"
#include "pool/pool_worker.hpp"
#include "runtime/base/exception_of.hpp"
#include "runtime/waiting/door.hpp"
#include "runtime/waiting/spin.hpp"
#include "threadwise/detail/futures/report.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {

/// Newest first.
struct GroupCore::Failure {
    std::exception_ptr exception;
    Failure* next;

    /// The end of a list that lacks what there was no memory for. Only its address means anything.
    static Failure* lost() noexcept {
        alignas(Failure) static constinit std::array<std::byte, sizeof(Failure)> mark{};
        return reinterpret_cast<Failure*>(mark.data());
    }

    /// Deletes the first one of the list.
    static void drop(Failure*& first) noexcept { delete std::exchange(first, first->next); }
};

GroupCore::~GroupCore() {
    Failure* first = failures_.load(std::memory_order_acquire);
    while (first != nullptr && first != Failure::lost()) Failure::drop(first);
}

void GroupCore::forked_visibly(Task& task, WorkDeque::Pushed pushed) noexcept {
    if (pushed == WorkDeque::Pushed::full) {
        // There is plenty to steal already: this one waits here for room, or for the join.
        task.next = std::exchange(kept_back_, &task);
        return;
    }
    if (home_->others_are_idle()) home_->deque().share_all();
    announce_work(*pool_);
}

void GroupCore::fork_from_elsewhere(Task& task) {
    elsewhere_.fetch_add(one, std::memory_order_relaxed);  // relaxed: the queue orders it before the task's end
    try {
        pool_->submit(task, Pool::Accept::group_tasks);
    } catch (...) {
        count_one_less_elsewhere();
        throw;
    }
}

void GroupCore::run_elsewhere(Task& task, PoolWorker& worker) {
    const std::uint64_t trail = worker.trail();
    // release: a thread that follows the trail finds the deque as it is now, or newer.
    trail_.store(trail, std::memory_order_release);
    const Finally count([this, trail] {
        std::uint64_t expected = trail;
        // seq_cst: the trail ends before anything that this worker does next can be stolen, see help().
        trail_.compare_exchange_strong(expected, 0);
        count_one_less_elsewhere();
    });
    task.invoke(task, TaskAction::run);
}

void GroupCore::drop(Task& task) noexcept {
    cancel();
    keep(runtime::exception_of<CancelledError>("the pool was shut down before the group's task could run"));
    task.invoke(task, TaskAction::cancel);
    count_one_less_elsewhere();
}

void GroupCore::count_one_less_elsewhere() noexcept {
    // acq_rel: publishes what the task did. Unless home sleeps, the group may be gone from here on.
    if (elsewhere_.fetch_sub(one, std::memory_order_acq_rel) != one + awaited) return;
    // Home goes on only when the mark is gone, so the group is still there for that.
    runtime::unpark_one(&elsewhere_, [this](runtime::Sleeper) -> std::optional<std::uint32_t> {
        elsewhere_.store(0, std::memory_order_release);  // release: as above
        return 0;
    });
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
            task->group = this;
            push_kept_back();
        }
        run_here(*task);
    }
}

// The newest task of the deque, if it is the group's.
Task* GroupCore::take_own() noexcept {
    WorkDeque& deque = home_->deque();
    if (Task* const task = deque.pop_private(this)) return task;
    Task* const task = deque.pop();
    if (task == nullptr || task->group == this) return task;
    // Somebody else's work may not run on top of this task: it goes back, for thieves.
    deque.push(*task);
    deque.share_all();
    announce_work(*pool_);
    return nullptr;
}

void GroupCore::push_kept_back() noexcept {
    bool shared = false;
    while (kept_back_ != nullptr) {
        Task* const next = kept_back_->next;
        kept_back_->group = this;
        const WorkDeque::Pushed pushed = home_->deque().push(*kept_back_);
        if (pushed == WorkDeque::Pushed::full) {
            kept_back_->next = next;
            break;
        }
        shared = shared || pushed == WorkDeque::Pushed::shared;
        kept_back_ = next;
    }
    if (shared) announce_work(*pool_);
}

// Leapfrogging (Wagner and Calder, "Leapfrogging: a portable technique for implementing efficient futures", 1993): who
// waits for a thief steals from that thief, and only what the stolen task has forked.
bool GroupCore::help() {
    if (home_->deque().has_given_up()) return false;
    const std::uint64_t trail = trail_.load(std::memory_order_acquire);  // acquire: pairs with run_elsewhere()
    if (trail == 0) return false;
    Task* const task = PoolWorker::follow(*pool_, trail);
    if (task == nullptr) return false;
    // If the trail has ended meanwhile, the task may be anybody's.
    if (trail_.load() != trail) {
        home_->deque().give_up(*task);
        announce_work(*pool_);
        return true;
    }
    const Finally free([this, task] { home_->free_task(*task); });
    static_cast<PoolWorker*>(home_)->execute(*task);
    return true;
}

bool GroupCore::spin_for_others() noexcept {
    runtime::SpinMemory always;
    pool_->begin_help();
    const bool found = runtime::spin_until(always, platform::never, {2}, [this] {
        // relaxed: the loop looks again.
        if (elsewhere_.load(std::memory_order_relaxed) == 0) return true;
        const std::uint64_t trail = trail_.load(std::memory_order_relaxed);
        return trail != 0 && !home_->deque().has_given_up() && PoolWorker::can_follow(*pool_, trail);
    });
    pool_->end_help();
    return found;
}

void GroupCore::wait_for_others(const SourceLocation& where) {
    auto all_done = [this] { return elsewhere_.load(std::memory_order_acquire) == 0; };
    runtime::Waiting waiting({.kind = runtime::WaitKind::task_group, .object = this, .where = where});
    if (waiting.spin(&elsewhere_, all_done)) return;
    const runtime::Wakeup wakeup = waiting.park(&elsewhere_, [this] {
        // acquire: if it is zero, see what the tasks did. If only the mark is left, the wake-up is about to come.
        std::int64_t left = elsewhere_.load(std::memory_order_acquire);
        while (left != 0 && (left & awaited) == 0) {
            if (elsewhere_.compare_exchange_weak(left, left | awaited, std::memory_order_acquire)) break;
        }
        return left != 0;
    });
    if (wakeup == runtime::Wakeup::interrupted) {
        runtime::take_interrupt(waiting.record());
        interrupted_ = true;
        cancel();
        keep(runtime::exception_of<InterruptedError>("interrupted while waiting for a TaskGroup's tasks"));
    }
}

void GroupCore::stop() noexcept {
    cancel();
    keep(runtime::exception_of<InterruptedError>("stop was requested while a TaskGroup's tasks were waited for"));
}

void GroupCore::fail(std::exception_ptr exception) noexcept {
    cancel();
    keep(std::move(exception));
}

void GroupCore::keep(std::exception_ptr exception) noexcept {
    Failure* first = failures_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    auto* const failure = new (std::nothrow) Failure{nullptr, first};
    if (failure == nullptr) return report_lost(exception);
    failure->exception = std::move(exception);
    // release: pairs with rethrow().
    while (!failures_.compare_exchange_weak(failure->next, failure, std::memory_order_release,
                                            std::memory_order_relaxed)) {}
}

// Said on standard error; and rethrow() has something to throw.
void GroupCore::report_lost(const std::exception_ptr& exception) {
    Failure* none = nullptr;
    failures_.compare_exchange_strong(none, Failure::lost(), std::memory_order_release);  // release: as above
    report_exception("no memory to keep what a TaskGroup's task has thrown", exception);
}

void GroupCore::throw_failures() {
    struct List {
        Failure* first;
        ~List() {
            while (!is_empty()) Failure::drop(first);
        }
        bool is_empty() const { return first == nullptr || first == Failure::lost(); }
    } list{failures_.exchange(nullptr, std::memory_order_acquire)};
    cancelled_.store(false, std::memory_order_relaxed);  // relaxed: no task is left that could read it
    if (list.is_empty()) throw std::bad_alloc();
    if (list.first->next == nullptr || list.first->next == Failure::lost())
        std::rethrow_exception(list.first->exception);
    std::vector<std::exception_ptr> exceptions;
    for (; !list.is_empty(); Failure::drop(list.first)) exceptions.push_back(list.first->exception);
    std::reverse(exceptions.begin(), exceptions.end());
    throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(exceptions));
}

}  // namespace threadwise::detail
