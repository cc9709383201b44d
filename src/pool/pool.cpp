#include "pool/pool.hpp"

#include <optional>
#include <utility>

#include "futures/current_worker.hpp"
#include "pool/pool_worker.hpp"
#include "runtime/deadlock/report.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {
namespace {

/// The lock that guards starting a pool's threads, held to start one. That allocates, and the program's operator new
/// may come back here: what it submits is for the thread that is being started.
class THREADWISE_HOLD StartHold {
public:
    StartHold(const Pool& pool, platform::InternalLock& lock) THREADWISE_ACQUIRES(lock)
        : hold_(lock), pool_(pool), outer_(innermost) {
        innermost = this;
    }
    ~StartHold() THREADWISE_RELEASES() { innermost = outer_; }
    StartHold(const StartHold&) = delete;
    StartHold& operator=(const StartHold&) = delete;

    /// Whether the calling thread has the lock of this pool.
    static bool is_held_here(const Pool& pool) noexcept {
        const StartHold* hold = innermost;
        while (hold != nullptr && &hold->pool_ != &pool) hold = hold->outer_;
        return hold != nullptr;
    }

private:
    static constinit thread_local const StartHold* innermost;

    const platform::InternalHold hold_;
    const Pool& pool_;
    const StartHold* const outer_;  ///< where the operator new of one start has made another pool start a thread
};

constinit thread_local const StartHold* StartHold::innermost = nullptr;

}  // namespace

void wake_worker(Pool& pool) noexcept { pool.wake_worker(); }

void count_call(Pool* pool, TaskOutcome outcome) noexcept {
    if (pool != nullptr) pool->count(outcome);
}

Pool::Pool(Options options)
    : PoolCore(std::move(options)), watches_calls_(capacity_ != nullptr || options_.measure_times) {}

Pool::~Pool() {
    for (std::size_t i = 0; i < workers_.size(); ++i) delete &worker(i);
    drop_queued(TaskAction::cancel);
}

PoolWorker& Pool::worker(std::size_t index) const noexcept { return static_cast<PoolWorker&>(workers_[index]); }

PoolStats Pool::stats() const noexcept {
    PoolStats stats{.queued = queued(), .threads = threads(), .wait_times = {}, .run_times = {}};
    counts_.add_to(stats);
    const std::size_t count = workers_.size();
    for (std::size_t i = 0; i < count; ++i) worker(i).add_to(stats);
    return stats;
}

void Pool::count(TaskOutcome outcome) noexcept {
    if (runs_here(this)) {
        if (outcome <= TaskOutcome::cancelled) static_cast<PoolWorker*>(this_worker)->count(outcome);
    } else {
        count_elsewhere(outcome);
    }
}

bool Pool::try_attend() noexcept {
    if (injection_.attended()) return true;
    if (StartHold::is_held_here(*this)) return false;
    const StartHold hold(*this, threads_lock_);
    if (is_closed()) return true;
    if (attending_ == 0) {
        static_cast<void>(idle_.claim());  // a slot, as all workers are gone
        if (!start_worker()) {
            idle_.give_back_slot();
            return false;
        }
    }
    attend();
    return true;
}

// Nobody waits here for another thread that starts one: that one's operator new may wait for what this thread, which
// may have come here on its way to sleep, is about to be given.
void Pool::fill_slot() noexcept {
    if (StartHold::is_held_here(*this)) return;
    // acq_rel: the thread that fills slots for the others sees what each of them has done before it asked.
    if (slots_asked_for_.fetch_add(1, std::memory_order_acq_rel) != 0) return;
    do {
        fill_one_slot();
    } while (slots_asked_for_.fetch_sub(1, std::memory_order_acq_rel) != 1);
}

void Pool::fill_one_slot() noexcept {
    {
        const StartHold hold(*this, threads_lock_);
        switch (idle_.claim()) {
            case IdleState::Claimed::nothing: return;
            case IdleState::Claimed::sleeper: return wake_sleeper();
            case IdleState::Claimed::slot: break;
        }
        if (wake_stand_in() || start_worker()) return;
        idle_.give_back_slot();
        alert_blocked_workers();
    }
    // A thread that fell asleep, or made work visible, meanwhile has relied on this one.
    if (work_is_visible() && idle_.claim_sleeper()) wake_sleeper();
}

/// With a claimed slot. False: the system gives no thread, or no memory, or there are as many as may be.
bool Pool::start_worker() noexcept {
    try {
        PoolWorker* const worker = vacant_worker();
        if (worker == nullptr) return false;
        worker->start(shared_from_this());
        ++attending_;
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

PoolWorker* Pool::vacant_worker() {
    const std::size_t count = workers_.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (!worker(i).has_thread()) return &worker(i);
    }
    if (workers_.is_full()) return nullptr;
    auto* const added = new PoolWorker(*this, *this, count);
    workers_.add(*added);
    return added;
}

/// With the lock: workers that wait in a task try again to start a thread, see PoolWorker::before_sleep().
void Pool::alert_blocked_workers() noexcept {
    for (std::size_t i = 0; i < workers_.size(); ++i) worker(i).look_up_if_blocked();
}

void Pool::become_orphan() noexcept {
    self_ = weak_from_this().lock();
    PoolCore::become_orphan(runs_here(this));
}

void Pool::shutdown(bool wait, bool cancel_futures, SourceLocation where) {
    if (is_orphan()) return;
    if (wait && runs_here(this)) {
        throw RuntimeError("cannot wait for a pool in one of its own workers: use shutdown(false) there");
    }
    close();
    if (cancel_futures) drop_queued(TaskAction::cancel);
    wake_all_sleepers();
    if (wait) wait_for_threads(where, true);
}

void Pool::end(bool wait) {
    shutdown(false, false, {});
    bool interrupted = false;
    while (wait && !is_orphan()) {
        try {
            wait_for_threads({}, false);
            break;
        } catch (const InterruptedError&) {
            interrupted = true;
        }
    }
    if (interrupted) runtime::interrupt(runtime::this_record());
}

void Pool::wait_for_threads(SourceLocation where, bool may_fail) {
    // Those that are left when the process has begun to destroy its static objects are held for good.
    if (runtime::is_closing()) return;
    // acquire: a thread that waits for the last one sees what all of them did.
    auto all_gone = [this] { return threads_.load(std::memory_order_acquire) == 0; };
    while (!all_gone()) {
        runtime::Waiting waiting(
            {.kind = runtime::WaitKind::executor, .may_fail = may_fail, .object = this, .where = where});
        if (waiting.spin(&threads_, all_gone)) break;
        if (waiting.park(&threads_, [&] { return !all_gone(); }) == runtime::Wakeup::interrupted) {
            runtime::throw_if_doomed(waiting.record());
            runtime::take_interrupt(waiting.record());
            throw InterruptedError("interrupted while waiting for a pool's workers to end");
        }
    }
    const std::size_t count = workers_.size();
    for (std::size_t i = 0; i < count; ++i) {
        std::optional<Thread> ended;  // joined without the lock
        const platform::InternalHold hold(threads_lock_);
        ended = worker(i).take_thread();
    }
}

}  // namespace threadwise::detail
