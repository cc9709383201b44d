#pragma once
// The part of a TaskGroup that workers touch which run its tasks elsewhere than where they were forked.

#include <atomic>
#include <cstdint>
#include <exception>
#include <utility>

#include "threadwise/detail/futures/failures.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

class THREADWISE_API GroupState {
public:
    GroupState() = default;
    GroupState(const GroupState&) = delete;
    GroupState& operator=(const GroupState&) = delete;

    /// A worker runs a task of the group that it has stolen, or that came from elsewhere. `trail`: where to find what
    /// the task forks, see PoolWorker::trail().
    void run_elsewhere(Task& task, std::uint64_t trail);

    /// A task of the group is dropped from the pool's queue.
    void drop(Task& task) noexcept;

    bool cancelled() const noexcept { return failures_.cancelled(); }
    void cancel() noexcept { failures_.cancel(); }

    /// Cancels, and keeps an InterruptedError that says so.
    void stop() noexcept;
    /// Cancels, and keeps the exception.
    void fail(std::exception_ptr exception) noexcept { failures_.fail(std::move(exception)); }
    /// If anything was kept: throws it.
    void rethrow() { failures_.rethrow(); }

protected:
    ~GroupState() = default;

    void count_one_less_elsewhere() noexcept;

    /// | elsewhere_ | meaning                                             | set by                    | cleared by    |
    /// |------------|-----------------------------------------------------|---------------------------|---------------|
    /// | bit 0      | the group's thread sleeps in join(), or is about to | that thread               | the last task |
    /// | the others | tasks forked elsewhere, less those that have run    | fork_from_elsewhere(): +1 | each task: -1 |
    /// |            | elsewhere                                           |                           |               |
    ///
    /// The count is negative while tasks that were forked at home run elsewhere, until join() adds those.
    static constexpr std::int64_t has_waiter = 1;
    static constexpr std::int64_t one = 2;

    std::atomic<std::int64_t> elsewhere_{0};
    std::atomic<std::uint64_t> trail_{0};      ///< of the worker that last stole from the group and has not finished
    [[no_unique_address]] Failures failures_;  ///< last: a derived class uses the padding at its end
};

}  // namespace threadwise::detail
