#include "threadwise/detail/pool/group_state.hpp"

#include <optional>

#include "runtime/records/keeping.hpp"
#include "runtime/records/waking.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

void GroupState::run_elsewhere(Task& task, std::uint64_t trail) {
    // release: a thread that follows the trail finds the deque as it is now, or newer.
    trail_.store(trail, std::memory_order_release);
    const Finally count([this, trail] {
        std::uint64_t expected = trail;
        // seq_cst: the trail ends before anything that this worker does next can be stolen, see GroupCore::help().
        trail_.compare_exchange_strong(expected, 0);
        count_one_less_elsewhere();
    });
    const runtime::Keeping keeping(this);
    task.invoke(task, TaskAction::run);
}

void GroupState::drop(Task& task) noexcept {
    failures_.drop("the pool was shut down before the group's task could run");
    task.invoke(task, TaskAction::cancel);
    count_one_less_elsewhere();
}

void GroupState::count_one_less_elsewhere() noexcept {
    // acq_rel: publishes what the task did. Unless home sleeps, the group may be gone from here on.
    if (elsewhere_.fetch_sub(one, std::memory_order_acq_rel) != one + has_waiter) return;
    // Home goes on only when the bit is gone, so the group is still there for that.
    runtime::unpark_one(&elsewhere_, [this](runtime::Sleeper) -> std::optional<std::uint32_t> {
        elsewhere_.store(0, std::memory_order_release);  // release: as above
        return 0;
    });
}

void GroupState::stop() noexcept {
    failures_.interrupt("stop was requested while a TaskGroup's tasks were waited for");
}

}  // namespace threadwise::detail
