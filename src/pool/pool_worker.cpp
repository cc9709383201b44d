#include "pool/pool_worker.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "runtime/records/keeping.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/threads/thread_handle.hpp"
#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/pool/group_state.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

constinit thread_local Worker* this_worker = nullptr;

void PoolWorker::start(std::shared_ptr<PoolCore> pool) {
    in_use_.store(true, std::memory_order_relaxed);  // relaxed: read under the lock that guards this call
    core_.add_thread();
    former_ = std::exchange(thread_, std::nullopt);
    try {
        // Not a daemon, whichever thread starts it: the end of the process waits for it.
        thread_.emplace(
            ThreadOptions{.name = core_.options().thread_name_prefix + "_" + std::to_string(index_), .daemon = false},
            [this, kept = std::move(pool)] { main(); });
        thread_->start();
    } catch (...) {
        thread_ = std::exchange(former_, std::nullopt);
        core_.remove_thread();
        in_use_.store(false, std::memory_order_relaxed);
        throw;
    }
}

void PoolWorker::main() {
    const std::optional<Thread> former = std::exchange(former_, std::nullopt);  // joined last
    this_worker = this;
    const Finally end([&] { leave(); });
    if (!initialize()) return core_.leave_broken();
    const BlockingHooksScope scope(*this);
    const runtime::Keeping keeping(&pool());
    work();
}

void PoolWorker::leave() noexcept {
    const bool was_ended = runs_task_.load(std::memory_order_relaxed);  // relaxed: written by this thread
    flush_segment();
    if (was_ended) {
        // By a task, with pthread_exit() or a cancellation. What the task had forked or submitted is for the others.
        runs_task_.store(false, std::memory_order_relaxed);
        deque().share_all();
    }
    this_worker = nullptr;
    PoolCore& core = core_;                           // the worker may be started again from here on
    in_use_.store(false, std::memory_order_release);  // release: pairs with has_thread()
    if (was_ended) {
        // While this thread still counts as alive, so that nobody takes the pool for ended before another one does.
        core.idle().free_slot();
        core.leave_to_others();
    }
    core.remove_thread();
}

bool PoolWorker::initialize() {
    const auto& initializer = core_.options().initializer;
    if (!initializer) return true;
    if (core_.is_broken()) return false;
    return call_user_code(initializer, [&](const std::exception_ptr& failure) {
        const Finally break_down([&] { core_.break_down(); });
        report_exception("exception in a pool's initializer", failure);
    });
}

void PoolWorker::work() {
    IdleState& idle = core_.idle();
    bool searches = true;  // a thread that starts or wakes a worker counts it as searching
    for (;;) {
        if (const Found found = find(); found.task != nullptr) {
            if (searches && idle.end_search() && core_.work_is_visible()) core_.wake_worker();
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
        if (this->idle(others_search) == Next::end) return;
    }
}

PoolWorker::Found PoolWorker::find() noexcept {
    auto injected = [this] {
        const auto [task, segment] = core_.take_injected();
        return Found{task, segment};
    };
    if (Task* const task = core_.take_urgent()) return {task, nullptr};
    // Now and then the tasks from outside come first, or tasks that submit tasks could keep them waiting for ever.
    constexpr std::uint32_t own_tasks_in_a_row = 61;
    if (++tick_ % own_tasks_in_a_row == 0) {
        if (const Found found = injected(); found.task != nullptr) return found;
    }
    if (Task* const task = deque().pop()) return {task, nullptr};
    if (const Found found = injected(); found.task != nullptr) return found;
    if (Task* const task = deque().take_given_up()) return {task, nullptr};
    if (Task* const task = steal()) return {task, nullptr};
    return {core_.take_ranked(), nullptr};
}

Task* PoolWorker::steal() noexcept {
    const WorkerTable& workers = core_.workers();
    const std::size_t count = workers.size();
    random_ = random_ * 1664525U + 1013904223U;  // so that thieves do not all begin with the same victim
    for (std::size_t i = 0, victim = random_ % count; i < count; ++i, ++victim) {
        if (victim == count) victim = 0;
        if (victim == index_) continue;
        if (Task* const task = workers[victim].deque().steal()) return task;
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
    if (task.owner.is_group()) {
        task.owner.group().run_elsewhere(task, trail());
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
    if (segment_done_ != 0) core_.give_back(*segment_, segment_done_);
    segment_ = nullptr;
    segment_done_ = 0;
}

PoolWorker::Next PoolWorker::idle(bool others_search) {
    flush_segment();
    runtime::Waiting waiting({.kind = runtime::WaitKind::worker,
                              .object = &core_,
                              .where = {},
                              .deadline = runtime::deadline_after(core_.options().idle_timeout)});
    auto there_is_reason = [this] { return core_.work_is_visible() || core_.is_closed(); };
    const bool awake = there_is_reason() || (!others_search && core_.spin(waiting, there_is_reason));
    if (!awake) return sleep(waiting);
    if (!core_.is_closed() || core_.work_is_visible()) return Next::search;
    return core_.leave() ? Next::end : Next::search;
}

PoolWorker::Next PoolWorker::sleep(runtime::Waiting& waiting) {
    // A burst is often followed by the next one, for which the memory of the first is kept so long.
    constexpr std::chrono::milliseconds memory_is_kept{200};
    IdleState& idle = core_.idle();
    idle.fall_asleep();
    if (core_.has_memory_to_give()) waiting.wake_at(platform::now() + memory_is_kept);
    for (;;) {
        if ((core_.work_is_visible() || core_.is_closed()) && idle.get_up()) return Next::search;
        switch (core_.sleep(waiting)) {
            case runtime::Wakeup::woken:
            case runtime::Wakeup::refused: return Next::search;
            case runtime::Wakeup::timed_out:
                if (core_.has_memory_to_give()) core_.give_memory_back();
                if (platform::now() < waiting.deadline()) {
                    waiting.wake_at(platform::never);
                    break;
                }
                // If it has been claimed just now, the wake-up is about to come.
                if (!idle.get_up()) break;
                return !core_.work_is_visible() && core_.leave() ? Next::end : Next::search;
            case runtime::Wakeup::interrupted: runtime::take_interrupt(waiting.record()); break;
        }
    }
}

// Waits, without a slot, until that of a waiting worker is free; false: the thread is to end.
bool PoolWorker::stand_by() {
    constexpr std::chrono::seconds patience{10};
    flush_segment();
    if (deque().share_all() && core_.idle().needs_waking()) core_.wake_worker();
    runtime::Waiting waiting({.kind = runtime::WaitKind::worker,
                              .object = &core_,
                              .where = {},
                              .deadline = runtime::deadline_after(patience)});
    for (;;) {
        switch (core_.stand_by(waiting)) {
            case runtime::Wakeup::woken: return PoolCore::owns_slot(waiting);
            case runtime::Wakeup::refused:
            case runtime::Wakeup::timed_out: return !core_.leave_standing_by();
            case runtime::Wakeup::interrupted: runtime::take_interrupt(waiting.record()); break;
        }
    }
}

// A short wait is over before a stand-in could begin: only a worker that really goes to sleep frees its slot.
void PoolWorker::before_sleep() noexcept {
    if (!runs_task_.load(std::memory_order_relaxed)) return;  // relaxed: its own, as the next one
    runtime::ThreadRecord& record = runtime::this_record();
    if (!slot_is_free_.load(std::memory_order_relaxed)) {
        const bool only_time_passes = record.site.read().kind == runtime::WaitKind::sleep;
        if (only_time_passes && !core_.options().replace_sleepers) return;
        // seq_cst: either the loads below see what has become visible, or the thread that has made it so sees this.
        slot_is_free_.store(true);
        deque().share_all();
        core_.idle().free_slot();
    }
    if (!core_.work_is_visible()) return;
    core_.wake_worker();
    // If no thread could be started, this one is perhaps all there is to try again.
    constexpr std::chrono::milliseconds pause{10};
    if (core_.idle().needs_waking() && core_.work_is_visible()) record.look_up_at = platform::now() + pause;
}

void PoolWorker::after_wait() noexcept {
    if (!slot_is_free_.load(std::memory_order_relaxed)) return;  // relaxed: its own
    slot_is_free_.store(false, std::memory_order_relaxed);       // relaxed: one needless look at most
    core_.idle().take_slot_back();
}

void PoolWorker::look_up_if_blocked() noexcept {
    if (slot_is_free_.load() && thread_) runtime::look_up(ThreadHandleAccess::record(*thread_));
}

std::uint64_t PoolWorker::trail() noexcept {
    ++thefts_;
    return static_cast<std::uint64_t>(index_ + 1) << 48 | static_cast<std::uint64_t>(thefts_ & 0xffff) << 32 |
           static_cast<std::uint32_t>(deque().bottom());
}

namespace {

WorkDeque& deque_of(const WorkerTable& workers, std::uint64_t trail) noexcept {
    return workers[static_cast<std::size_t>(trail >> 48) - 1].deque();
}

}  // namespace

Task* PoolWorker::follow(const WorkerTable& workers, std::uint64_t trail) noexcept {
    return deque_of(workers, trail).steal_from(static_cast<std::uint32_t>(trail));
}

bool PoolWorker::can_follow(const WorkerTable& workers, std::uint64_t trail) noexcept {
    return deque_of(workers, trail).has_shared_from(static_cast<std::uint32_t>(trail));
}

}  // namespace threadwise::detail
