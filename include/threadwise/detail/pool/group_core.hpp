#pragma once
// How a TaskGroup forks and joins.
//
// Most tasks of a group run on the thread that forked them, so that thread counts them without atomic operations. Only
// what runs elsewhere is counted atomically (GroupState), and joined by the two counts adding up.

#include <cstdint>

#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/futures/worker.hpp"
#include "threadwise/detail/pool/group_state.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::detail {

class THREADWISE_API GroupCore : public GroupState {
public:
    /// Of that pool; its home is the calling thread if that is one of the pool's workers.
    explicit GroupCore(Pool& pool) noexcept
        : pool_(&pool), home_(this_worker != nullptr && &this_worker->pool() == &pool ? this_worker : nullptr) {}

    /// Whether the calling thread is a worker and made the group.
    bool is_at_home() const noexcept { return home_ != nullptr && home_ == this_worker; }
    Worker& home() const noexcept { return *home_; }

    /// At home: forks a task that lies in memory of the worker's.
    void fork(Task& task) noexcept {
        ++here_;
        const WorkDeque::Pushed pushed = home_->deque().push(task);
        if (pushed != WorkDeque::Pushed::kept) [[unlikely]]
            forked_visibly(task, pushed);
    }

    /// From elsewhere.
    void fork_from_elsewhere(Task& task);

    /// At home, or from any thread if the home is none: returns when all tasks have run; at home those that have not
    /// begun are run here and now. An interrupt() of the wait cancels the group and counts as a failure. Throws
    /// RuntimeError on a thread that may not join.
    void join(const SourceLocation& where) {
        if (home_ == this_worker) [[likely]] {
            // Without a home nothing is forked here.
            while (here_ != 0) {
                Task* const task = home_->deque().pop_private(TaskOwner(*this));
                if (task == nullptr) break;
                run_here(*task);
            }
            if (is_joined()) [[likely]]
                return;
        }
        join_slow(where);
    }

    /// Cancels what has not begun and joins. Ends the program on another thread than the group's.
    void abandon() noexcept;  // NOLINT(bugprone-exception-escape)

    /// Whether no task is left. acquire: a thread that finds it so sees what ran elsewhere.
    bool is_joined() const noexcept { return here_ == 0 && elsewhere_.load(std::memory_order_acquire) == 0; }

private:
    void run_here(Task& task) {
        const Finally count([&] {
            --here_;
            home_->free_task(task);
        });
        task.invoke(task, TaskAction::run);
    }

    void forked_visibly(Task& task, WorkDeque::Pushed pushed) noexcept;
    void join_slow(const SourceLocation& where);
    void run_own();
    Task* take_own() noexcept;
    void push_kept_back() noexcept;
    bool help();
    bool spin_for_others() noexcept;
    void wait_for_others(const SourceLocation& where);

    bool interrupted_ = false;  ///< a wait was, since abandon() has begun
    Pool* const pool_;
    Worker* const home_;
    std::int64_t here_ = 0;      ///< forked here, less those that ran here
    Task* kept_back_ = nullptr;  ///< those of them for which the deque had no room
};

static_assert(sizeof(GroupCore) == 64);

}  // namespace threadwise::detail
