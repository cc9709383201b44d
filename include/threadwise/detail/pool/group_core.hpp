#pragma once
// What a TaskGroup keeps count of.
//
// Most tasks of a group run on the thread that forked them, so that thread counts them without atomic operations. Only
// what runs elsewhere is counted atomically, and joined by the two counts adding up.

#include <atomic>
#include <cstdint>
#include <exception>

#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/futures/worker.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::detail {

class PoolWorker;

class THREADWISE_API GroupCore {
public:
    /// Of that pool; its home is the calling thread if that is one of the pool's workers.
    explicit GroupCore(Pool& pool) noexcept
        : pool_(&pool), home_(this_worker != nullptr && &this_worker->pool() == &pool ? this_worker : nullptr) {}
    GroupCore(const GroupCore&) = delete;
    GroupCore& operator=(const GroupCore&) = delete;
    ~GroupCore();

    /// Whether the calling thread is a worker and made the group.
    bool is_at_home() const noexcept { return home_ != nullptr && home_ == this_worker; }
    Worker& home() const noexcept { return *home_; }
    Pool& pool() const noexcept { return *pool_; }

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
                Task* const task = home_->deque().pop_private(this);
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

    /// A worker runs a task of the group that it has stolen, or that came from elsewhere.
    void run_elsewhere(Task& task, PoolWorker& worker);

    /// A task of the group is dropped from the pool's queue.
    void drop(Task& task) noexcept;

    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }  // relaxed: a hint
    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

    /// Cancels, and keeps an InterruptedError that says so.
    void stop() noexcept;
    /// Keeps the exception, and cancels.
    void fail(std::exception_ptr exception) noexcept;
    /// Whether anything was kept; throws it.
    void rethrow() {
        // acquire: see what failed; join() orders it in fact.
        if (failures_.load(std::memory_order_acquire) != nullptr) [[unlikely]]
            throw_failures();
    }

private:
    struct Failure;

    void run_here(Task& task) {
        const Finally count([&] {
            --here_;
            home_->free_task(task);
        });
        task.invoke(task, TaskAction::run);
    }

    void forked_visibly(Task& task, WorkDeque::Pushed pushed) noexcept;
    void keep(std::exception_ptr exception) noexcept;
    void report_lost(const std::exception_ptr& exception);
    void join_slow(const SourceLocation& where);
    void run_own();
    Task* take_own() noexcept;
    void push_kept_back() noexcept;
    bool help();
    bool spin_for_others() noexcept;
    void wait_for_others(const SourceLocation& where);
    void count_one_less_elsewhere() noexcept;
    [[noreturn]] void throw_failures();

    static constexpr std::int64_t awaited = 1;  // home sleeps, or is about to
    static constexpr std::int64_t one = 2;

    Pool* const pool_;
    Worker* const home_;
    std::int64_t here_ = 0;      ///< forked here, less those that ran here
    Task* kept_back_ = nullptr;  ///< those of them for which the deque had no room
    /// (Forked elsewhere, less those that ran elsewhere) times `one`, and the mark.
    std::atomic<std::int64_t> elsewhere_{0};
    std::atomic<std::uint64_t> trail_{0};  ///< of who last stole from the group and has not finished
    std::atomic<Failure*> failures_{nullptr};
    std::atomic<bool> cancelled_{false};
    bool interrupted_ = false;  ///< a wait was, since abandon() has begun
};

}  // namespace threadwise::detail
