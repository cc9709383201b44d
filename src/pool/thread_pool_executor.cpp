#include "threadwise/thread_pool_executor.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <utility>

#include "futures/current_worker.hpp"
#include "platform/cpu.hpp"
#include "pool/live_pools.hpp"
#include "pool/pool.hpp"
#include "runtime/base/exception_of.hpp"

namespace threadwise {
namespace {

std::size_t checked_max_workers(std::optional<int> wanted) {
    constexpr int most = 4096;
    if (!wanted) return std::min(32U, platform::core_count() + 4);
    if (*wanted <= 0) throw ValueError("max_workers must be greater than 0");
    if (*wanted > most) throw ValueError("max_workers must be at most " + std::to_string(most));
    return static_cast<std::size_t>(*wanted);
}

std::string default_prefix() {
    static std::atomic<unsigned> counter{0};
    // relaxed: nothing but the number is shared.
    return "ThreadPoolExecutor-" + std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
}

detail::Pool::Options pool_options(ThreadPoolOptions options) {
    if (options.max_queued == 0) throw ValueError("max_queued must be greater than 0: leave it out for no bound");
    if (constexpr std::size_t most = detail::Pool::most_queued; options.max_queued > most) {
        throw ValueError("max_queued must be at most " + std::to_string(most) + ": leave it out for no bound");
    }
    return {.max_workers = checked_max_workers(options.max_workers),
            .thread_name_prefix =
                options.thread_name_prefix.empty() ? default_prefix() : std::move(options.thread_name_prefix),
            .initializer = std::move(options.initializer),
            .idle_timeout = options.idle_timeout,
            .replace_sleepers = options.replace_sleepers,
            .max_queued = options.max_queued,
            .when_full = options.when_full,
            .measure_times = options.measure_times};
}

/// Of a call that is not to be made here. Cancels it if nobody else has made, ended or cancelled it.
detail::TaskOutcome outcome_of_dropped(detail::FutureState& state) {
    state.cancel();
    state.drop_call_if_done();
    // One that was cancelled for a reason has been counted.
    const bool cancelled = state.done() && !state.finished() && state.exception() == nullptr;
    return cancelled ? detail::TaskOutcome::cancelled : detail::TaskOutcome::other;
}

detail::TaskOutcome invoke_future(detail::Task& task, detail::TaskAction action) {
    using Outcome = detail::TaskOutcome;
    const detail::StatePointer state(task.content<detail::FutureState*>());
    switch (action) {
        case detail::TaskAction::run:
            if (state->run_if_pending()) return Outcome::counted;
            break;
        case detail::TaskAction::cancel: break;
        case detail::TaskAction::fail:
            if (!state->fail_if_pending(runtime::exception_of<BrokenThreadPool>(
                    "A thread initializer failed, the thread pool is not usable anymore"))) {
                break;
            }
            return Outcome::failed;
    }
    return outcome_of_dropped(*state);
}

struct LimitedCall {
    detail::FutureState* state;
    detail::CallLimits* limits;
};

detail::TaskOutcome invoke_limited(detail::Task& task, detail::TaskAction action) {
    const auto [state, limits] = task.content<LimitedCall>();
    if (limits->listens()) {
        state->add_owner();
        const detail::StatePointer kept(state);
        if (!limits->stop_listening()) return outcome_of_dropped(*state);
    }
    task.content<detail::FutureState*>() = state;
    return invoke_future(task, action);
}

}  // namespace

ThreadPoolExecutor::ThreadPoolExecutor(ThreadPoolOptions options)
    : pool_(std::make_shared<detail::Pool>(pool_options(std::move(options)))) {
    detail::end_with_process(pool_);
}

ThreadPoolExecutor::~ThreadPoolExecutor() { pool_->end(!detail::runs_here(pool_.get())); }

void ThreadPoolExecutor::fill(detail::Task& task, detail::FutureState& state) noexcept {
    task.invoke = &invoke_future;
    task.owner = detail::TaskOwner::none();
    task.content<detail::FutureState*>() = &state;
}

void ThreadPoolExecutor::submit_call(detail::FutureState& state) {
    detail::Task task;
    fill(task, state);
    try {
        pool_->submit(task);
    } catch (...) {
        state.drop_owner();
        throw;
    }
}

void ThreadPoolExecutor::submit_limited(detail::FutureState& state, detail::CallLimits& limits) {
    detail::Task task;
    task.invoke = &invoke_limited;
    task.owner = detail::TaskOwner::none();
    task.content<LimitedCall>() = {&state, &limits};
    limits.listen(state);
    try {
        pool_->submit(task, limits);
    } catch (...) {
        if (limits.stop_listening()) state.drop_owner();
        throw;
    }
}

void ThreadPoolExecutor::submit_task(detail::Task& task) { pool_->submit(task); }

void ThreadPoolExecutor::shutdown(bool wait, bool cancel_futures, SourceLocation where) {
    pool_->shutdown(wait, cancel_futures, where);
}

PoolStats ThreadPoolExecutor::stats() const noexcept { return pool_->stats(); }
std::size_t ThreadPoolExecutor::queued() const noexcept { return pool_->queued(); }
std::size_t ThreadPoolExecutor::threads() const noexcept { return pool_->threads(); }
int ThreadPoolExecutor::max_workers() const noexcept { return static_cast<int>(pool_->options().max_workers); }

detail::Pool& detail::pool_of(ThreadPoolExecutor& executor) noexcept { return *executor.pool_; }

bool detail::has_worker(ThreadPoolExecutor& executor) noexcept { return executor.pool_->try_attend(); }

bool ThreadPoolExecutor::runs_this_thread() const noexcept { return detail::runs_here(pool_.get()); }

ThreadPoolExecutor& default_executor() {
    // Never destroyed: the end of the process ends it, as all pools.
    static constinit std::atomic<ThreadPoolExecutor*> current{nullptr};
    ThreadPoolExecutor* executor = current.load(std::memory_order_acquire);  // acquire: see it made
    if (executor != nullptr && !executor->pool_->is_orphan()) [[likely]]
        return *executor;
    auto made = std::make_unique<ThreadPoolExecutor>(ThreadPoolOptions{
        .max_workers = static_cast<int>(platform::core_count()), .thread_name_prefix = "default_executor"});
    // acq_rel: publishes it, or sees the one that another thread has made.
    if (!current.compare_exchange_strong(executor, made.get(), std::memory_order_acq_rel)) return *executor;
    return *made.release();
}

}  // namespace threadwise
