#include "threadwise/thread_pool_executor.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <utility>

#include "futures/current_worker.hpp"
#include "futures/live_pools.hpp"
#include "futures/pool.hpp"
#include "platform/cpu.hpp"

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
    return {.max_workers = checked_max_workers(options.max_workers),
            .thread_name_prefix =
                options.thread_name_prefix.empty() ? default_prefix() : std::move(options.thread_name_prefix),
            .initializer = std::move(options.initializer),
            .idle_timeout = options.idle_timeout,
            .replace_sleepers = options.replace_sleepers};
}

void invoke_future(detail::Task& task, detail::TaskAction action) noexcept {
    const detail::StatePointer state(task.content<detail::FutureState*>());
    switch (action) {
        case detail::TaskAction::run: state->run_if_pending(); break;
        case detail::TaskAction::cancel: state->cancel(); break;
        case detail::TaskAction::fail:
            if (!state->try_start()) break;
            state->fail(std::make_exception_ptr(
                BrokenThreadPool("A thread initializer failed, the thread pool is not usable anymore")));
            break;
    }
}

}  // namespace

ThreadPoolExecutor::ThreadPoolExecutor(ThreadPoolOptions options)
    : pool_(std::make_shared<detail::Pool>(pool_options(std::move(options)))) {
    detail::end_with_process(pool_);
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    pool_->shutdown(!detail::runs_here(pool_.get()), false, SourceLocation::current());
}

void ThreadPoolExecutor::submit_call(detail::FutureState& state) {
    detail::Task task;
    task.invoke = &invoke_future;
    task.group = nullptr;
    task.content<detail::FutureState*>() = &state;
    try {
        pool_->submit(task, nullptr);
    } catch (...) {
        state.drop_owner();
        throw;
    }
}

void ThreadPoolExecutor::submit_task(detail::Task& task, detail::Task::Relocate how) { pool_->submit(task, how); }

void ThreadPoolExecutor::shutdown(bool wait, bool cancel_futures, SourceLocation where) {
    pool_->shutdown(wait, cancel_futures, where);
}

std::size_t ThreadPoolExecutor::queued() const noexcept { return pool_->queued(); }
std::size_t ThreadPoolExecutor::threads() const noexcept { return pool_->threads(); }
int ThreadPoolExecutor::max_workers() const noexcept { return static_cast<int>(pool_->options().max_workers); }

bool ThreadPoolExecutor::runs_this_thread() const noexcept { return detail::runs_here(pool_.get()); }

ThreadPoolExecutor& default_executor() {
    static ThreadPoolExecutor executor(
        {.max_workers = static_cast<int>(platform::core_count()), .thread_name_prefix = "default_executor"});
    return executor;
}

}  // namespace threadwise
