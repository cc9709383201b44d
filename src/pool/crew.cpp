#include "threadwise/detail/pool/crew.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "pool/pool.hpp"
#include "runtime/records/keeping.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {

Crew::Crew(Pool& pool, Help help, void* loop, std::size_t helpers) noexcept
    : pool_(pool), help_(help), loop_(loop), threads_(helpers + 1), uncalled_(helpers) {}

Crew* Crew::make(ThreadPoolExecutor& executor, Help help, void* loop, std::size_t most) noexcept {
    Pool& pool = pool_of(executor);
    return new (std::nothrow) Crew(pool, help, loop, std::min(most, pool.options().max_workers - 1));
}

bool lets_callers_help(ThreadPoolExecutor& executor) noexcept { return pool_of(executor).lets_callers_help(); }

void Crew::call_helper() noexcept {
    std::size_t left = uncalled_.load(std::memory_order_relaxed);  // relaxed: a count, and nothing else
    do {
        if (left == 0) return;
    } while (!uncalled_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed));
    owners_.fetch_add(1, std::memory_order_relaxed);  // relaxed: the caller of this is an owner
    Task task{.invoke = &invoke_helper, .owner = TaskOwner::none(), .bytes = {}};
    task.content<Crew*>() = this;
    try {
        pool_.submit_helper(task);
    } catch (const std::exception&) {
        // The loop goes on with those that are at work.
        drop_owner();
    }
}

TaskOutcome Crew::invoke_helper(Task& task, TaskAction action) {
    Crew& crew = *task.content<Crew*>();
    const Finally drop([&crew] { crew.drop_owner(); });
    if (action == TaskAction::run && crew.enter()) {
        const Finally leave([&crew] { crew.leave(); });
        const runtime::Keeping keeping(&crew);
        crew.help_(crew.loop_);
    }
    return TaskOutcome::other;
}

bool Crew::enter() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if ((state & closed) != 0) return false;
        // relaxed: the queue has published the loop.
    } while (!state_.compare_exchange_weak(state, state + helper, std::memory_order_relaxed));
    return true;
}

void Crew::leave() noexcept {
    // release: publishes what this helper did to close(). The crew stays: the helper's call is an owner.
    if (state_.fetch_sub(helper, std::memory_order_release) == helper + closed) runtime::unpark_all(&state_);
}

void Crew::close(const SourceLocation& where) noexcept {
    // acquire, here and below: sees what the helpers did.
    if (state_.fetch_or(closed, std::memory_order_acquire) <= closed) return;
    auto all_gone = [this] { return state_.load(std::memory_order_acquire) == closed; };
    // In a forked child the helpers are the parent's.
    while (!all_gone() && !pool_.is_orphan()) {
        runtime::Waiting waiting(
            {.kind = runtime::WaitKind::task_group, .may_fail = false, .object = this, .where = where});
        if (waiting.spin(&state_, all_gone)) return;
        if (waiting.park(&state_, [&] { return !all_gone(); }) == runtime::Wakeup::interrupted) {
            runtime::take_interrupt(waiting.record());
            failures_.interrupt("interrupted while waiting for a loop's helpers");
        }
    }
}

void Crew::stop() noexcept { failures_.interrupt("stop was requested while a loop ran"); }

void Crew::drop_owner() noexcept {
    // acq_rel: the last owner destroys what all have written.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace threadwise::detail
