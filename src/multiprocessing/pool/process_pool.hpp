#pragma once
// The inside of a ProcessPoolExecutor: the calls that wait, and a thread for each worker process.

#include <atomic>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "multiprocessing/pool/worker_process.hpp"
#include "pool/live_pools.hpp"
#include "threadwise/condition.hpp"
#include "threadwise/detail/multiprocessing/pool/process_task.hpp"
#include "threadwise/process_pool_options.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {

class ProcessPool final : public threadwise::detail::LivePool, public std::enable_shared_from_this<ProcessPool> {
public:
    using Task = std::unique_ptr<detail::ProcessTask>;

    explicit ProcessPool(ProcessPoolOptions options);

    void submit(Task task);
    void shutdown(bool wait, bool cancel_futures);
    void end_workers(bool by_force);

    std::size_t max_workers() const noexcept { return max_workers_; }
    std::size_t queued() const;
    /// A copy in a forked process: its threads and processes are another one's.
    bool is_orphan() const noexcept { return is_orphan_.load(); }

    /// It is never destroyed.
    void stay_for_good() noexcept { itself_ = shared_from_this(); }

    void close_at_exit() override { close(); }
    void become_orphan() noexcept override { is_orphan_.store(true); }

private:
    /// One worker's thread and process. Neither is destroyed before the pool.
    struct Member {
        explicit Member(std::string name) : worker(std::move(name)) {}
        WorkerProcess worker;
        Thread thread;
    };

    using Tasks = std::list<Task>;

    void expect_usable() const;
    std::optional<std::size_t> queue(Tasks& one);
    void add_member(std::size_t number, const void* call);
    bool give_up_member(const void* call);
    void close();
    Tasks take_all();

    void serve(WorkerProcess& worker);
    Task next();
    void run(WorkerProcess& worker, Task task);
    void make(WorkerProcess& worker, detail::ProcessTask& task);
    void prepare(WorkerProcess& worker);
    void initialize(WorkerProcess& worker);
    void break_down(std::string why);

    const std::size_t max_workers_;
    const std::string name_;
    std::optional<detail::PackedCall> initializer_;
    const std::optional<std::uint64_t> max_calls_;

    /// Nothing is allocated or freed with it: the program's operator new and delete may use the pool. So what is queued
    /// comes and goes as nodes of lists.
    mutable Lock lock_;
    Condition changed_{lock_};
    Tasks tasks_;
    std::list<Member> members_;
    std::size_t starting_ = 0;  ///< members that are not in the list yet
    std::size_t idle_ = 0;
    bool is_closed_ = false;
    std::shared_ptr<const std::string> broken_;  ///< why; null: it is not
    std::atomic<bool> is_orphan_{false};
    std::shared_ptr<ProcessPool> itself_;
};

}  // namespace threadwise::multiprocessing
