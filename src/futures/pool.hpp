#pragma once
// What a thread pool is made of: the queue of tasks from outside, the workers, and who of them is idle.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "futures/idle_state.hpp"
#include "futures/injection_queue.hpp"
#include "platform/clock.hpp"
#include "platform/internal_lock.hpp"
#include "threadwise/detail/task.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

class PoolWorker;

/// Owned by its executor and by each of its threads.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    struct Options {
        std::size_t max_workers;
        std::string thread_name_prefix;
        std::function<void()> initializer;
        Timeout idle_timeout;
        bool replace_sleepers;
    };

    explicit Pool(Options options);
    ~Pool();

    /// What is accepted after shutdown: nothing, or what tasks that still run fork.
    enum class Accept : std::uint8_t { nothing, group_tasks };

    /// Queues a task from any thread. Throws RuntimeError after shutdown, BrokenThreadPool if broken.
    void submit(Task& task, Task::Relocate how, Accept after_shutdown = Accept::nothing);
    /// Queues what a worker of this pool could not keep to itself. Also works after shutdown.
    void take_back(Task& task) noexcept;

    /// Work has become visible: see IdleState. Throws RuntimeError if there is no worker and none can be started.
    void announce();

    void begin_help() noexcept { idle_.begin_help(); }
    void end_help() noexcept { idle_.end_help(); }

    void shutdown(bool wait, bool cancel_futures, SourceLocation where);

    const Options& options() const noexcept { return options_; }
    std::size_t queued() const noexcept { return injection_.size(); }
    /// Threads that are alive.
    std::size_t threads() const noexcept { return alive_.load(std::memory_order_relaxed); }  // relaxed: a count

private:
    friend class PoolWorker;

    /// The token of a stand-in that has been given a place.
    static constexpr std::uint32_t has_place = 1;

    /// Workers that stand in for those that wait, at most.
    static constexpr std::size_t most_stand_ins = 2048;

    bool work_is_visible() const noexcept;
    void break_down() noexcept;
    void drop_queued(TaskAction action) noexcept;
    void throw_refusal() const;

    void wake_sleeper() noexcept;
    void wake_all_sleepers() noexcept;
    void fill_vacancy();
    bool wake_stand_in() noexcept;
    PoolWorker* vacant_worker();
    void wait_for_threads(SourceLocation where);

    const Options options_;
    IdleState idle_;
    InjectionQueue injection_;
    std::atomic<bool> broken_{false};

    /// Sleepers sleep on this; guarded by the lock of its bucket. Wake-ups whose sleeper had not yet lain down.
    std::uint32_t wake_ups_ = 0;
    /// Workers that are one too many sleep on this one's address, until they can stand in again.
    char stand_ins_ = 0;

    platform::InternalLock threads_lock_;  ///< guards starting threads
    std::atomic<std::size_t> alive_{0};
    std::atomic<std::size_t> worker_count_{0};  ///< how many of workers_ there are
    std::unique_ptr<std::atomic<PoolWorker*>[]> workers_;
};

}  // namespace threadwise::detail
