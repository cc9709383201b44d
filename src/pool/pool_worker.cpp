#include "pool/pool_worker.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "runtime/waiting/door.hpp"
#include "threading/threads/thread_handle.hpp"
#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/pool/group_core.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

void PoolWorker::start() {
    in_use_.store(true, std::memory_order_relaxed);         // relaxed: read under the lock that guards this call
    pool().alive_.fetch_add(1, std::memory_order_relaxed);  // relaxed: the thread is not there yet
    former_ = std::exchange(thread_, std::nullopt);
    try {
        // Not a daemon, whoever starts it: the end of the process waits for the pools first.
        thread_.emplace(
            ThreadOptions{.name = pool().options_.thread_name_prefix + "_" + std::to_string(index_), .daemon = false},
            [this, pool = pool().shared_from_this()] { main(pool); });
        thread_->start();
    } catch (...) {
        thread_ = std::exchange(former_, std::nullopt);
        pool().alive_.fetch_sub(1, std::memory_order_relaxed);
        in_use_.store(false, std::memory_order_relaxed);
        throw;
    }
}

void PoolWorker::main(const std::shared_ptr<Pool>& pool) {
    const std::optional<Thread> former = std::exchange(former_, std::nullopt);  // joined last
    this_worker = this;
    const Finally end([&] { leave(pool); });
    if (!initialize()) return pool->leave_broken();
    const BlockingHooksScope scope(*this);
    work();
}

void PoolWorker::leave(const std::shared_ptr<Pool>& pool) noexcept {
    const bool was_ended = runs_task_.load(std::memory_order_relaxed);  // relaxed: written by this thread
    flush_segment();
    if (was_ended) {
        // By a task, with pthread_exit() or a cancellation. What the task had forked or submitted is for the others.
        runs_task_.store(false, std::memory_order_relaxed);
        deque().share_all();
    }
    this_worker = nullptr;
    // release: the worker may be started again.
    in_use_.store(false, std::memory_order_release);
    if (was_ended) {
        // While this thread still counts as alive, so that nobody takes the pool for ended before another one does.
        pool->idle_.vacate();
        pool->leave_to_others();
    }
    // acq_rel: a thread that waits for the last one sees what all of them did.
    if (pool->alive_.fetch_sub(1, std::memory_order_acq_rel) == 1) runtime::unpark_all(&pool->alive_);
}

bool PoolWorker::initialize() {
    Pool& pool = this->pool();
    if (!pool.options_.initializer) return true;
    if (pool.broken_.load(std::memory_order_acquire)) return false;
    return call_user_code(pool.options_.initializer, [&](const std::exception_ptr& failure) {
        const Finally break_down([&] { pool.break_down(); });
        report_exception("exception in a pool's initializer", failure);
    });
}

void PoolWorker::work() {
    IdleState& idle = pool().idle_;
    bool searches = true;  // whoever starts or wakes a worker counts it as searching
    for (;;) {
        if (const Found found = find(); found.task != nullptr) {
            if (searches && idle.end_search() && pool().work_is_visible()) announce_work(pool());
            searches = false;
            run(found);
            if (!idle.take_surplus()) continue;
            if (!stand_by()) return;
            searches = true;
            continue;
        }
        // One that searches is enough: the others go to sleep at once.
        const bool others_search = !searches && idle.begin_search();
        searches = true;
        if (rest(others_search) == Rest::leave) return;
    }
}

PoolWorker::Found PoolWorker::find() noexcept {
    Pool& pool = this->pool();
    auto injected = [&pool] {
        const auto [task, segment] = pool.take_injected();
        return Found{task, segment};
    };
    if (Task* const task = pool.take_ranked(pool.ranked_.pop_urgent())) return {task, nullptr};
    // Now and then the tasks from outside come first, or tasks that submit tasks could keep them waiting for ever.
    constexpr std::uint32_t own_tasks_in_a_row = 61;
    if (++tick_ % own_tasks_in_a_row == 0) {
        if (const Found found = injected(); found.task != nullptr) return found;
    }
    if (Task* const task = deque().pop()) return {task, nullptr};
    if (const Found found = injected(); found.task != nullptr) return found;
    if (Task* const task = deque().take_given_up()) return {task, nullptr};
    if (Task* const task = steal()) return {task, nullptr};
    return {pool.take_ranked(pool.ranked_.pop()), nullptr};
}

Task* PoolWorker::steal() noexcept {
    const std::size_t count = pool().worker_count_.load(std::memory_order_acquire);
    random_ = random_ * 1664525U + 1013904223U;  // so that thieves do not all begin with the same victim
    for (std::size_t i = 0, victim = random_ % count; i < count; ++i, ++victim) {
        if (victim == count) victim = 0;
        // acquire: the worker was made before it was put there.
        PoolWorker* const worker = pool().workers_[victim].load(std::memory_order_acquire);
        if (worker == this) continue;
        if (Task* const task = worker->deque().steal()) return task;
    }
    return nullptr;
}

void PoolWorker::run(const Found& found) {
    runs_task_.store(true, std::memory_order_relaxed);  // relaxed: others only count it
    if (found.segment == nullptr) {
        const Finally free([&] { free_task(*found.task); });
        execute(*found.task);
    } else {
        if (found.segment != segment_) {
            flush_segment();
            segment_ = found.segment;
        }
        const Finally count([this] { ++segment_done_; });
        execute(*found.task);
    }
    runs_task_.store(false, std::memory_order_relaxed);
}

void PoolWorker::execute(Task& task) {
    if (task.group != nullptr) {
        task.group->run_elsewhere(task, *this);
    } else {
        const TaskOutcome outcome = task.invoke(task, TaskAction::run);
        if (outcome <= TaskOutcome::cancelled) count(outcome);
    }
}

void PoolWorker::add_to(PoolStats& stats) const noexcept {
    if (runs_task_.load(std::memory_order_relaxed)) ++stats.running;
    counts_.add_to(stats);
    if (times_ != nullptr) times_->add_to(stats);
}

void PoolWorker::flush_segment() noexcept {
    if (segment_done_ != 0) pool().injection_.done(*segment_, segment_done_);
    segment_ = nullptr;
    segment_done_ = 0;
}

PoolWorker::Rest PoolWorker::rest(bool others_search) {
    flush_segment();
    Pool& pool = this->pool();
    runtime::Waiting waiting({.kind = runtime::WaitKind::worker,
                              .object = &pool,
                              .where = {},
                              .deadline = runtime::deadline_after(pool.options_.idle_timeout)});
    auto there_is_reason = [&pool] { return pool.work_is_visible() || pool.injection_.closed(); };
    const bool awake = there_is_reason() || (!others_search && waiting.spin(&pool.wake_ups_, there_is_reason));
    if (!awake) return sleep(waiting);
    if (!pool.injection_.closed() || pool.work_is_visible()) return Rest::woken;
    return pool.leave() ? Rest::leave : Rest::woken;
}

PoolWorker::Rest PoolWorker::sleep(runtime::Waiting& waiting) {
    Pool& pool = this->pool();
    pool.idle_.fall_asleep();
    for (;;) {
        if ((pool.work_is_visible() || pool.injection_.closed()) && pool.idle_.get_up()) return Rest::woken;
        switch (waiting.park(&pool.wake_ups_, [&pool] {
            if (pool.wake_ups_ == 0) return true;
            --pool.wake_ups_;
            return false;
        })) {
            case runtime::Wakeup::woken:
            case runtime::Wakeup::refused: return Rest::woken;
            case runtime::Wakeup::timed_out:
                // If it has been claimed just now, the wake-up is about to come.
                if (!pool.idle_.get_up()) break;
                return !pool.work_is_visible() && pool.leave() ? Rest::leave : Rest::woken;
            case runtime::Wakeup::interrupted: runtime::take_interrupt(waiting.record()); break;
        }
    }
}

// Waits, without a place, until the place of a waiting worker is free; false: the thread is to end.
bool PoolWorker::stand_by() {
    constexpr std::chrono::seconds patience{10};
    flush_segment();
    Pool& pool = this->pool();
    if (deque().share_all() && pool.idle_.needs_waking()) announce_work(pool);
    runtime::Waiting waiting({.kind = runtime::WaitKind::worker,
                              .object = &pool,
                              .where = {},
                              .deadline = runtime::deadline_after(patience)});
    for (;;) {
        switch (waiting.park(&pool.stand_ins_, [&pool] { return !pool.injection_.closed(); })) {
            case runtime::Wakeup::woken: return waiting.token() == Pool::has_place;
            case runtime::Wakeup::refused:
            case runtime::Wakeup::timed_out: return !pool.leave_standing_by();
            case runtime::Wakeup::interrupted: runtime::take_interrupt(waiting.record()); break;
        }
    }
}

// A short wait is over before a stand-in could begin: only who really goes to sleep gives its place away.
void PoolWorker::before_sleep() noexcept {
    if (!runs_task_.load(std::memory_order_relaxed)) return;
    Pool& pool = this->pool();
    runtime::ThreadRecord& record = runtime::this_record();
    if (!vacated_.load(std::memory_order_relaxed)) {  // relaxed: its own
        const bool only_time_passes = record.site.read().kind == runtime::WaitKind::sleep;
        if (only_time_passes && !pool.options_.replace_sleepers) return;
        // seq_cst: either the loads below see what has become visible, or who has made it so sees this.
        vacated_.store(true);
        deque().share_all();
        pool.idle_.vacate();
    }
    if (!pool.work_is_visible()) return;
    announce_work(pool);
    // If no thread could be started, this one is perhaps all there is to try again.
    constexpr std::chrono::milliseconds pause{10};
    if (pool.idle_.needs_waking() && pool.work_is_visible()) record.look_up_at = platform::now() + pause;
}

void PoolWorker::after_wait() noexcept {
    if (!vacated_.load(std::memory_order_relaxed)) return;
    vacated_.store(false, std::memory_order_relaxed);  // relaxed: one needless look at most
    pool().idle_.come_back();
}

void PoolWorker::look_up_if_blocked() noexcept {
    if (vacated_.load() && thread_) runtime::look_up(ThreadHandleAccess::record(*thread_));
}

std::uint64_t PoolWorker::trail() noexcept {
    ++thefts_;
    return static_cast<std::uint64_t>(index_ + 1) << 48 | static_cast<std::uint64_t>(thefts_ & 0xffff) << 32 |
           static_cast<std::uint32_t>(deque().bottom());
}

PoolWorker& PoolWorker::leader(Pool& pool, std::uint64_t trail) noexcept {
    // acquire: the worker was made before it was put there.
    return *pool.workers_[(trail >> 48) - 1].load(std::memory_order_acquire);
}

Task* PoolWorker::follow(Pool& pool, std::uint64_t trail) noexcept {
    return leader(pool, trail).deque().steal_from(static_cast<std::uint32_t>(trail));
}

bool PoolWorker::can_follow(Pool& pool, std::uint64_t trail) noexcept {
    return leader(pool, trail).deque().has_shared_from(static_cast<std::uint32_t>(trail));
}

}  // namespace threadwise::detail
