#include "pool/pool.hpp"

#include <mutex>
#include <optional>
#include <utility>

#include "futures/current_worker.hpp"
#include "pool/pool_worker.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/detail/pool/group_core.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {

constinit thread_local Worker* this_worker = nullptr;

namespace {

/// Whether the calling thread starts one for a pool. That allocates, and the program's operator new may come back here:
/// what it submits is for the thread that is being started.
constinit thread_local bool starts_thread = false;

/// The lock that guards starting threads, held to start one.
class StartHold {
public:
    explicit StartHold(platform::InternalLock& lock) : hold_(lock) { starts_thread = true; }
    ~StartHold() { starts_thread = false; }
    StartHold(const StartHold&) = delete;
    StartHold& operator=(const StartHold&) = delete;

private:
    const std::lock_guard<platform::InternalLock> hold_;
};

}  // namespace

void announce_work(Pool& pool) noexcept { pool.announce(); }

Pool::Pool(Options options)
    : options_(std::move(options)),
      idle_(options_.max_workers),
      places_(options_.max_queued ? std::make_unique<Semaphore>(static_cast<std::int64_t>(*options_.max_queued))
                                  : nullptr),
      watches_calls_(places_ != nullptr || options_.measure_times),
      workers_(std::make_unique<std::atomic<PoolWorker*>[]>(options_.max_workers + most_stand_ins)) {}

Pool::~Pool() {
    // relaxed: the last owner is alone.
    for (std::size_t i = 0; i < worker_count_; ++i) {
        delete workers_[i].load();
    }
    drop_queued(TaskAction::cancel);
}

void Pool::become_orphan() noexcept {
    self_ = weak_from_this().lock();
    ranked_.close_in_child();
    injection_.close_in_child();
    counts_lock_.reset_after_fork();
    threads_lock_.reset_after_fork();
    // If one of its workers has forked, it is the child's only thread, and goes when its task has ended.
    const bool has_worker = runs_here(this);
    alive_.store(has_worker ? 1 : 0, std::memory_order_relaxed);  // relaxed: nobody else is there
    attending_ = alive_;
    idle_.become_orphan(has_worker);
}

void Pool::throw_refusal() const {
    if (is_orphan()) {
        throw RuntimeError(
            "the pool was made before fork(): its threads are the parent's; make another one in the child");
    }
    if (broken_.load(std::memory_order_acquire)) {
        throw BrokenThreadPool("A thread initializer failed, the thread pool is not usable anymore");
    }
    runtime::hold_if_overtaken();  // the pool may have been shut down by another thread's exit()
    throw RuntimeError("cannot schedule new futures after shutdown");
}

void Pool::announce() noexcept {
    if (idle_.claim_sleeper()) {
        wake_sleeper();
    } else if (idle_.needs_waking()) {
        fill_vacancy();
    }
}

PoolStats Pool::stats() const noexcept {
    PoolStats stats{.queued = queued(), .threads = threads(), .wait_times = {}, .run_times = {}};
    counts_.add_to(stats);
    const std::size_t count = worker_count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        // acquire: the worker was made before it was put there.
        workers_[i].load(std::memory_order_acquire)->add_to(stats);
    }
    return stats;
}

void Pool::count(TaskOutcome outcome) noexcept {
    if (outcome > TaskOutcome::cancelled) return;
    if (runs_here(this)) {
        static_cast<PoolWorker*>(this_worker)->count(outcome);
    } else {
        const std::lock_guard hold(counts_lock_);
        counts_.add(outcome);
    }
}

void count_call(Pool* pool, TaskOutcome outcome) noexcept {
    if (pool != nullptr) pool->count(outcome);
}

bool Pool::work_is_visible() const noexcept {
    if (injection_.size() != 0 || ranked_.size() != 0) return true;
    const std::size_t count = worker_count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        // acquire: the worker was made before it was put there.
        if (workers_[i].load(std::memory_order_acquire)->deque().has_shared()) return true;
    }
    return false;
}

void Pool::wake_sleeper() noexcept {
    runtime::unpark_one(&wake_ups_, [this](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record != nullptr) return 0;
        ++wake_ups_;
        return std::nullopt;
    });
}

void Pool::wake_all_sleepers() noexcept {
    for (std::uint64_t left = idle_.claim_all_sleepers(); left > 0; --left) wake_sleeper();
    runtime::unpark_all(&stand_ins_);
}

bool Pool::wake_stand_in() noexcept {
    return runtime::unpark_one(&stand_ins_, [](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        if (sleeper.record == nullptr) return std::nullopt;
        return has_place;
    });
}

void Pool::fill_vacancy() noexcept {
    if (starts_thread) return;
    {
        const StartHold hold(threads_lock_);
        switch (idle_.claim()) {
            case IdleState::Claim::nobody: return;
            case IdleState::Claim::sleeper: return wake_sleeper();
            case IdleState::Claim::vacancy: break;
        }
        if (wake_stand_in() || start_worker()) return;
        idle_.give_back_vacancy();
        alert_blocked_workers();
    }
    // A thread that fell asleep, or made work visible, meanwhile has relied on this one.
    if (work_is_visible() && idle_.claim_sleeper()) wake_sleeper();
}

/// With a claimed vacancy, and the lock. False: the system gives no thread, or no memory, or there are as many as may
/// be.
bool Pool::start_worker() noexcept {
    try {
        PoolWorker* const worker = vacant_worker();
        if (worker == nullptr) return false;
        worker->start();
        ++attending_;
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

bool Pool::try_attend() noexcept {
    if (injection_.attended()) return true;
    if (starts_thread) return false;
    const StartHold hold(threads_lock_);
    if (injection_.closed()) return true;
    if (attending_ == 0) {
        static_cast<void>(idle_.claim());  // a vacancy, as all workers are gone
        if (!start_worker()) {
            idle_.give_back_vacancy();
            return false;
        }
    }
    ranked_.attend();
    injection_.attend();
    return true;
}

/// Returns once somebody attends to the queues, or throws.
void Pool::attend() {
    if (!try_attend()) {
        throw RuntimeError(
            "can't start new thread: the pool has none, and the system gives none; nothing was queued, try again when "
            "other threads have ended or memory is free");
    }
    if (injection_.closed()) throw_refusal();
}

/// A worker goes. With the lock. False: it is the last one, and there still is work.
bool Pool::may_leave() noexcept {
    if (attending_ == 1) {
        ranked_.leave_unattended();
        injection_.leave_unattended();
        if (work_is_visible()) {
            ranked_.attend();
            injection_.attend();
            return false;
        }
    }
    --attending_;
    return true;
}

/// From searching to gone. False: go on searching.
bool Pool::leave() noexcept {
    {
        const std::lock_guard hold(threads_lock_);
        if (!may_leave()) return false;
        idle_.leave();
    }
    if (work_is_visible()) announce();  // rule 2 of IdleState: leaving is a way to sleep
    return true;
}

/// From standing by to gone. False: search.
bool Pool::leave_standing_by() noexcept {
    const std::lock_guard hold(threads_lock_);
    if (may_leave()) return true;
    static_cast<void>(idle_.claim());  // a vacancy, as all others are gone
    return false;
}

/// A worker that may not run anything goes.
void Pool::leave_broken() noexcept {
    const std::lock_guard hold(threads_lock_);
    --attending_;
    idle_.leave();
}

/// A worker whose thread was ended by a task goes. The last one not before another has come, if there is work.
void Pool::leave_to_others() {
    const auto may_go = [this] {
        const std::lock_guard hold(threads_lock_);
        return may_leave();
    };
    while (!may_go()) {
        announce();
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
    if (work_is_visible()) announce();
}

/// With the lock: workers that wait in a task try again to start a thread, see PoolWorker::before_sleep().
void Pool::alert_blocked_workers() noexcept {
    for (std::size_t i = 0; i < worker_count_; ++i) {
        workers_[i].load()->look_up_if_blocked();
    }
}

PoolWorker* Pool::vacant_worker() {
    const std::size_t count = worker_count_.load(std::memory_order_relaxed);  // relaxed: written under this lock
    for (std::size_t i = 0; i < count; ++i) {
        PoolWorker* const worker = workers_[i].load(std::memory_order_relaxed);  // relaxed: as above
        if (!worker->has_thread()) return worker;
    }
    if (count == options_.max_workers + most_stand_ins) return nullptr;
    workers_[count].store(new PoolWorker(*this, count), std::memory_order_release);
    // release: a thread that sees the count sees the worker.
    worker_count_.store(count + 1, std::memory_order_release);
    return workers_[count].load(std::memory_order_relaxed);
}

void Pool::break_down() {
    broken_.store(true, std::memory_order_release);
    close();
    const Finally wake([this] { wake_all_sleepers(); });
    drop_queued(TaskAction::fail);
}

void Pool::drop(Task& task, TaskAction action) {
    task.group != nullptr ? task.group->drop(task) : count(task.invoke(task, action));
}

void Pool::drop_queued(TaskAction action) {
    while (const std::unique_ptr<Task> task{take_ranked(ranked_.pop())}) drop(*task, action);
    for (;;) {
        const InjectionQueue::Taken taken = take_injected();
        if (taken.task == nullptr) return;
        const Finally count([&] { injection_.done(*taken.segment, 1); });
        drop(*taken.task, action);
    }
}

// In this order: a worker that finds the injection queue closed and all queues empty leaves.
void Pool::close() noexcept {
    const bool was_closed = injection_.closed();
    ranked_.close();
    injection_.close();
    // Nobody is to wait for capacity any more: a submitter that does will be refused.
    if (places_ != nullptr && !was_closed) places_->release(most_submitters);
}

void Pool::shutdown(bool wait, bool cancel_futures, SourceLocation where) {
    if (is_orphan()) return;
    if (wait && runs_here(this)) {
        throw RuntimeError("cannot wait for a pool in one of its own workers: use shutdown(false) there");
    }
    close();
    if (cancel_futures) drop_queued(TaskAction::cancel);
    wake_all_sleepers();
    if (wait) wait_for_threads(where);
}

void Pool::end(bool wait) {
    shutdown(false, false, {});
    bool interrupted = false;
    while (wait && !is_orphan()) {
        try {
            wait_for_threads({});
            break;
        } catch (const InterruptedError&) {
            interrupted = true;
        }
    }
    if (interrupted) runtime::interrupt(runtime::this_record());
}

void Pool::wait_for_threads(SourceLocation where) {
    // Those that are left when the process has begun to destroy its static objects are held for good.
    if (runtime::is_closing()) return;
    // acquire: what the last thread did is visible to who waited for it.
    auto all_gone = [this] { return alive_.load(std::memory_order_acquire) == 0; };
    while (!all_gone()) {
        runtime::Waiting waiting({.kind = runtime::WaitKind::executor, .object = this, .where = where});
        if (waiting.spin(&alive_, all_gone)) break;
        if (waiting.park(&alive_, [&] { return !all_gone(); }) == runtime::Wakeup::interrupted) {
            runtime::take_interrupt(waiting.record());
            throw InterruptedError("interrupted while waiting for a pool's workers to end");
        }
    }
    const std::size_t count = worker_count_.load(std::memory_order_acquire);  // acquire: the workers were made before
    for (std::size_t i = 0; i < count; ++i) {
        std::optional<Thread> ended;  // joined without the lock
        const std::lock_guard hold(threads_lock_);
        ended = workers_[i].load()->take_thread();
    }
}

}  // namespace threadwise::detail
