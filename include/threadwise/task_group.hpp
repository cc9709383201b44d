#pragma once
// TaskGroup: forks tasks and joins them (Python: asyncio.TaskGroup, for threads).
//
//     long fib(int n) {
//         if (n < 2) return n;
//         long a = 0;
//         TaskGroup group;
//         group.run([&] { a = fib(n - 1); });
//         const long b = fib(n - 2);
//         group.wait();
//         return a + b;
//     }
//
// A forked task is an offer: an idle worker may steal it, and what nobody has stolen runs in wait(), newest first, at
// the cost of a few function calls. While wait() waits for a stolen task its worker helps the thief with what that
// task has forked; it never runs anything else on top of the waiting one.

#include <concepts>
#include <functional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/pool/group_core.hpp"
#include "threadwise/detail/threads/check_call.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {

/// Meant to live on the stack: its tasks end before it does. run(), cancel() and cancelled() may be called from any
/// thread, wait() by the one that made the group. 64 bytes; a fork allocates nothing in the steady state, if the
/// callable needs at most 40 bytes.
class TaskGroup {
public:
    /// In a task of a ThreadPoolExecutor: of that pool. Elsewhere: of default_executor().
    TaskGroup() : core_(current_pool()) {}
    explicit TaskGroup(ThreadPoolExecutor& executor) : core_(*executor.pool_) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Cancels what has not begun and waits for the rest; their exceptions are lost. Call wait() to hear of them. An
    /// interrupt() does not end that wait, but the thread's next one.
    ~TaskGroup() {
        if (core_.is_joined()) [[likely]]
            return;
        core_.abandon();
    }

    /// Forks `function()`. Once a task of the group has failed, tasks that have not begun are dropped. Throws what
    /// copying the function throws, std::bad_alloc, and outside of the pool what ThreadPoolExecutor::submit() throws:
    /// then there is no task.
    template <class Function>
    void run(Function&& function) {
        detail::check_call<Function>();
        using Call = std::decay_t<Function>;
        if (core_.is_at_home()) [[likely]] {
            detail::Worker& home = core_.home();
            detail::Task& task = home.new_task();
            try {
                fill<detail::StayingCall<Call>>(task, std::forward<Function>(function));
            } catch (...) {
                home.free_task(task);
                throw;
            }
            core_.fork(task);
        } else {
            run_from_elsewhere<detail::QueuedCall<Call>>(std::forward<Function>(function));
        }
    }

    /// Returns when all tasks have ended. Throws what a task threw; if several have, an ExceptionGroup of it all, or
    /// std::bad_alloc if there is no memory for that. After
    /// that the group may be used again. An interrupt() cancels the group and is thrown as InterruptedError once the
    /// tasks that had begun have ended. Throws RuntimeError in another task than the one that made the group.
    void wait(SourceLocation where = SourceLocation::current()) {
        core_.join(where);
        core_.rethrow();
    }

    /// The same; a request to stop acts as interrupt() does: it cancels the group, and is thrown as InterruptedError.
    void wait(const std::stop_token& stop, SourceLocation where = SourceLocation::current()) {
        {
            const std::stop_callback on_stop(stop, [this]() noexcept { core_.stop(); });
            core_.join(where);
        }
        core_.rethrow();
    }

    /// Tasks that have not begun are dropped; those that run may ask cancelled().
    void cancel() noexcept { core_.cancel(); }
    /// Whether a task has failed, or cancel() was called. relaxed: says nothing about what else happened.
    bool cancelled() const noexcept { return core_.cancelled(); }

private:
    template <class Place>
    static detail::TaskOutcome invoke(detail::Task& task, detail::TaskAction action) {
        const detail::Finally destroy([&task] { Place::destroy(task); });
        if (action == detail::TaskAction::run && !task.owner.group().cancelled()) {
            detail::call_user_code([&] { std::invoke(Place::of(task)); },
                                   [&](std::exception_ptr failure) { task.owner.group().fail(std::move(failure)); });
        }
        return detail::TaskOutcome::other;
    }

    template <class Place, class Function>
    void fill(detail::Task& task, Function&& function) {
        task.invoke = &invoke<Place>;
        task.owner = detail::TaskOwner(core_);
        Place::make(task, std::forward<Function>(function));
    }

    // Not inline: run() stays small.
    template <class Place, class Function>
    [[gnu::noinline]] void run_from_elsewhere(Function&& function) {
        detail::Task task;
        fill<Place>(task, std::forward<Function>(function));
        try {
            core_.fork_from_elsewhere(task);
        } catch (...) {
            Place::destroy(task);
            throw;
        }
    }

    static detail::Pool& current_pool() {
        if (detail::this_worker != nullptr) [[likely]]
            return detail::this_worker->pool();
        return *default_executor().pool_;
    }

    detail::GroupCore core_;
};

}  // namespace threadwise
