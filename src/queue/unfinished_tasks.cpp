#include "threadwise/detail/queue/unfinished_tasks.hpp"

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {

void UnfinishedTasks::refuse() {
    throw ValueError("task_done() was called more often than there were items put into the queue");
}

void UnfinishedTasks::wake_joiners() noexcept {
    // relaxed: under the bucket's lock, as the validation in join().
    runtime::unpark(this, SIZE_MAX, [this] { word_.fetch_and(~has_waiters, std::memory_order_relaxed); });
}

void UnfinishedTasks::join(const void* queue, std::uint64_t (*total)(const void*) noexcept, const void* storage,
                           SourceLocation where) {
    auto over = [&] { return all_done(total(storage)); };
    if (over()) return;
    runtime::Waiting waiting({.kind = runtime::WaitKind::queue_join, .object = queue, .where = where});
    while (!over()) {
        const runtime::Wakeup wakeup = waiting.park(this, [&] {
            // seq_cst: marked before the last look; the thread that finishes the last task counts it before it looks
            // for the mark.
            word_.fetch_or(has_waiters);
            return !over();
        });
        if (wakeup != runtime::Wakeup::refused) threading::succeeded(wakeup);
    }
}

}  // namespace threadwise::detail
