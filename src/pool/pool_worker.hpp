#pragma once
// One thread of a pool: how it finds work, and what it does when there is none.

#include <cstdint>
#include <memory>
#include <optional>

#include "pool/injection_queue.hpp"
#include "pool/pool_core.hpp"
#include "threadwise/detail/futures/worker.hpp"
#include "threadwise/embed/blocking_hooks.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::runtime {
class Waiting;
}

namespace threadwise::detail {

/// The oldest of its tasks are stolen by others; it takes the newest itself, then what came from outside, then what it
/// can steal. While a task waits at the door for something, the worker gives its slot to another (the blocking hooks).
class PoolWorker final : public Worker, private BlockingHooks {
public:
    /// Of that pool, whose core that is.
    PoolWorker(Pool& pool, PoolCore& core, std::size_t index)
        : Worker(pool, core.options().max_workers, core.idle().word()),
          core_(core),
          index_(index),
          times_(core.options().measure_times ? std::make_unique<CallTimes>() : nullptr) {}

    /// Starts its thread, which keeps the pool alive. Throws RuntimeError. Under the lock that guards that, as the next
    /// three.
    void start(std::shared_ptr<PoolCore> pool);
    bool has_thread() const noexcept { return in_use_.load(std::memory_order_acquire); }
    /// The thread that it had, which may not quite have ended.
    std::optional<Thread> take_thread() noexcept { return std::exchange(thread_, std::nullopt); }
    /// If its task waits: it calls before_sleep() again.
    void look_up_if_blocked() noexcept;

    /// Where a thief is, for those that wait for what it has stolen: which worker it is, and from which position of its
    /// deque on the descendants of the stolen task lie. Never 0.
    std::uint64_t trail() noexcept;
    /// What others may do with a trail: take one of those descendants.
    static Task* follow(const WorkerTable& workers, std::uint64_t trail) noexcept;
    /// Whether that may be worth trying.
    static bool can_follow(const WorkerTable& workers, std::uint64_t trail) noexcept;

    /// Runs a task that is not this thread's own any more, and tells its group.
    void execute(Task& task);

    /// A call has ended on this thread.
    void count(TaskOutcome outcome) noexcept { counts_.add(outcome); }
    void count_times(platform::Instant submitted, platform::Instant began, platform::Instant ended) noexcept {
        times_->add(submitted, began, ended);
    }
    /// Any thread.
    void add_to(PoolStats& stats) const noexcept;

private:
    enum class Next : std::uint8_t { search, end };

    struct Found {
        Task* task = nullptr;
        InjectionQueue::Segment* segment = nullptr;  ///< where it lies; null: in memory of its own
    };

    void main();
    bool initialize();
    void work();
    void leave() noexcept;
    Found find() noexcept;
    Task* steal() noexcept;
    void run(const Found& found);
    Next idle(bool others_search);
    Next sleep(runtime::Waiting& waiting);
    bool stand_by();
    void flush_segment() noexcept;

    void before_wait() noexcept override {}
    void before_sleep() noexcept override;
    void after_wait() noexcept override;

    PoolCore& core_;
    const std::size_t index_;
    /// The thread that this worker had before and may not quite have ended. The new one joins it as it ends
    /// itself: each thread waits for older ones alone, so that no two wait for each other.
    std::optional<Thread> former_;
    std::optional<Thread> thread_;  // goes with the worker; it may be the last owner of the pool that destroys it
    std::atomic<bool> in_use_{false};

    // The segment whose tasks this worker runs, and how many of them it has run without saying so.
    InjectionQueue::Segment* segment_ = nullptr;
    std::uint32_t segment_done_ = 0;

    std::uint32_t tick_ = 0;
    std::uint32_t random_ = static_cast<std::uint32_t>(index_) * 2654435761U + 1;
    std::uint32_t thefts_ = 0;
    std::atomic<bool> runs_task_{false};     ///< written by its own thread
    std::atomic<bool> slot_is_free_{false};  ///< its own, as it waits; written by its own thread

    CallCounts counts_;
    const std::unique_ptr<CallTimes> times_;
};

}  // namespace threadwise::detail
