#pragma once
// The part of a pool's worker that forking and joining touch, inline.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/futures/work_deque.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

class Pool;

/// A pool's thread as far as its own tasks are concerned. Used by that thread alone, but for the deque's thieves.
class Worker {
public:
    Worker(Pool& pool, std::size_t max_workers, const std::atomic<std::uint64_t>& idle) noexcept
        : pool_(pool), max_workers_(max_workers), idle_(idle) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    Pool& pool() const noexcept { return pool_; }
    /// Of the pool.
    std::size_t max_workers() const noexcept { return max_workers_; }
    WorkDeque& deque() noexcept { return deque_; }

    /// Whether a worker of the pool has nothing to do, or could be started. relaxed: a hint.
    bool others_are_idle() const noexcept { return idle_.load(std::memory_order_relaxed) != 0; }

    /// Memory for a task: taken from those that ran, if there are any.
    Task& new_task() {
        if (spare_ == nullptr) [[unlikely]]
            return *new Task;
        --spares_;
        Task& task = *spare_;
        spare_ = task.next;
        return task;
    }

    void free_task(Task& task) noexcept {
        if (spares_ == most_spares) [[unlikely]] {
            delete &task;
            return;
        }
        ++spares_;
        task.next = spare_;
        spare_ = &task;
    }

protected:
    ~Worker() {
        while (spare_ != nullptr) delete std::exchange(spare_, spare_->next);
    }

private:
    static constexpr std::size_t most_spares = 1024;

    WorkDeque deque_;
    Pool& pool_;
    const std::size_t max_workers_;
    const std::atomic<std::uint64_t>& idle_;
    Task* spare_ = nullptr;
    std::size_t spares_ = 0;
};

/// The calling thread's worker; null outside of pools. initial-exec: see detail/ident.hpp.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API Worker* this_worker;

/// Something became visible to thieves: wakes or starts a worker, unless one is looking for work or there is none.
THREADWISE_API void wake_worker(Pool& pool) noexcept;

}  // namespace threadwise::detail
