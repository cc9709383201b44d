#include "pool/pool_core.hpp"

#include <optional>
#include <utility>

#include "runtime/records/thread_record.hpp"
#include "threadwise/detail/pool/group_state.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

PoolCore::PoolCore(Options options)
    : options_(std::move(options)),
      idle_(options_.max_workers),
      capacity_(options_.max_queued ? std::make_unique<Semaphore>(static_cast<std::int64_t>(*options_.max_queued))
                                    : nullptr),
      workers_(options_.max_workers + most_stand_ins) {}

bool PoolCore::work_is_visible() const noexcept {
    if (injection_.size() != 0 || ranked_.size() != 0) return true;
    const std::size_t count = workers_.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (workers_[i].deque().has_shared()) return true;
    }
    return false;
}

void PoolCore::wake_worker() noexcept {
    if (idle_.claim_sleeper()) {
        wake_sleeper();
    } else if (idle_.needs_waking()) {
        fill_slot();
    }
}

void PoolCore::wake_another_if_late() noexcept {
    constexpr std::chrono::microseconds patience{50};
    if (injection_.size() < 2) return;  // the searcher has taken all that came before
    // relaxed, here and below: whoever reads an old one wakes one worker too many.
    if (platform::now() - last_wake_up_.load(std::memory_order_relaxed) < patience) return;
    if (idle_.claim_another()) wake_sleeper();
}

void PoolCore::wake_sleeper() noexcept {
    last_wake_up_.store(platform::now(), std::memory_order_relaxed);
    runtime::unpark_one(&wake_ups_, [this](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record != nullptr) return 0;
        ++wake_ups_;
        return std::nullopt;
    });
}

void PoolCore::wake_all_sleepers() noexcept {
    for (std::uint64_t left = idle_.claim_all_sleepers(); left > 0; --left) wake_sleeper();
    runtime::unpark_all(&stand_ins_);
}

bool PoolCore::wake_stand_in() noexcept {
    return runtime::unpark_one(&stand_ins_, [](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record == nullptr) return std::nullopt;
        return slot_given;
    });
}

bool PoolCore::spin(runtime::Waiting& waiting, runtime::FunctionRef<bool()> ready) noexcept {
    return waiting.spin(&wake_ups_, ready);
}

runtime::Wakeup PoolCore::sleep(runtime::Waiting& waiting) {
    return waiting.park(
        &wake_ups_,
        [this] {
            if (wake_ups_ == 0) return true;
            --wake_ups_;
            return false;
        },
        runtime::Waiting::Claim::entitled);
}

runtime::Wakeup PoolCore::stand_by(runtime::Waiting& waiting) {
    return waiting.park(&stand_ins_, [this] { return !is_closed(); });
}

/// From now on the queues accept tasks: a worker will come to them.
void PoolCore::attend() noexcept {
    ranked_.attend();
    injection_.attend();
}

/// A worker goes. False: it is the last one, and there still is work.
bool PoolCore::may_leave() noexcept {
    if (attending_ == 1) {
        ranked_.leave_unattended();
        injection_.leave_unattended();
        if (work_is_visible()) {
            attend();
            return false;
        }
    }
    --attending_;
    return true;
}

bool PoolCore::leave() noexcept {
    {
        const platform::InternalHold hold(threads_lock_);
        if (!may_leave()) return false;
        idle_.leave();
    }
    if (work_is_visible()) wake_worker();  // rule 2 of IdleState: leaving is a way to sleep
    return true;
}

bool PoolCore::leave_standing_by() noexcept {
    const platform::InternalHold hold(threads_lock_);
    if (may_leave()) return true;
    static_cast<void>(idle_.claim());  // a slot, as all others are gone
    return false;
}

void PoolCore::leave_broken() noexcept {
    const platform::InternalHold hold(threads_lock_);
    --attending_;
    idle_.leave();
}

void PoolCore::leave_to_others() {
    const auto may_go = [this] {
        const platform::InternalHold hold(threads_lock_);
        return may_leave();
    };
    while (!may_go()) {
        wake_worker();
        if (may_go()) break;
        constexpr std::chrono::milliseconds pause{10};
        const char nothing = 0;
        runtime::Waiting waiting({.kind = runtime::WaitKind::worker,
                                  .object = this,
                                  .where = {},
                                  .deadline = runtime::deadline_after(pause)});
        waiting.park(&nothing, [] { return true; });
        runtime::take_interrupt(waiting.record());
    }
    if (work_is_visible()) wake_worker();
}

void PoolCore::remove_thread() noexcept {
    // acq_rel: a thread that waits for the last one sees what all of them did.
    if (threads_.fetch_sub(1, std::memory_order_acq_rel) == 1) runtime::unpark_all(&threads_);
}

void PoolCore::break_down() {
    broken_.store(true, std::memory_order_release);
    close();
    const Finally wake([this] { wake_all_sleepers(); });
    drop_queued(TaskAction::fail);
}

// In this order: a worker that finds the injection queue closed and all queues empty leaves.
void PoolCore::close() noexcept {
    const bool was_closed = injection_.closed();
    ranked_.close();
    injection_.close();
    // Nobody is to wait for capacity any more: a submitter that does will be refused.
    if (capacity_ != nullptr && !was_closed) capacity_->release(most_submitters);
}

void PoolCore::drop(Task& task, TaskAction action) {
    if (task.owner.is_group()) {
        task.owner.group().drop(task);
    } else {
        count_elsewhere(task.invoke(task, action));
    }
}

void PoolCore::drop_queued(TaskAction action) {
    while (const std::unique_ptr<Task> task{take_ranked()}) drop(*task, action);
    for (;;) {
        const InjectionQueue::Taken taken = take_injected();
        if (taken.task == nullptr) return;
        const Finally count([&] { injection_.done(*taken.segment, 1); });
        drop(*taken.task, action);
    }
}

void PoolCore::count_elsewhere(TaskOutcome outcome) noexcept {
    if (outcome > TaskOutcome::cancelled) return;
    const platform::InternalHold hold(counts_lock_);
    counts_.add(outcome);
}

void PoolCore::become_orphan(bool has_worker) noexcept {
    ranked_.close_in_child();
    injection_.close_in_child();
    counts_lock_.reset_after_fork();
    threads_lock_.reset_after_fork();
    // If one of its workers has forked, it is the child's only thread, and goes when its task has ended.
    threads_.store(has_worker ? 1 : 0, std::memory_order_relaxed);  // relaxed: nobody else is there
    attending_ = threads_;
    idle_.become_orphan(has_worker);
}

}  // namespace threadwise::detail
