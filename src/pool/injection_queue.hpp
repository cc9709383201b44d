#pragma once
// The tasks that come from outside of a pool, first in first out.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "platform/internal_lock.hpp"
#include "runtime/base/system_memory.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/detail/queue/queue_lock.hpp"

namespace threadwise::detail {

/// A linked list of segments of 72 tasks, 56 bytes each. A task is written into its segment, taken in order, and run
/// where it lies; when all tasks of a segment have run, it is used again or, after a burst, given back. Submitters
/// share one line and one lock, workers another: they meet only at `pushed_`, which a worker reads once it has taken
/// all it knew of.
///
/// A lock rather than something lock-free on either side: uncontended it costs one locked instruction, or none while
/// one thread has that side to itself, it keeps the order strict, and it lets segments go without deferred reclamation.
class InjectionQueue {
public:
    struct Segment;

    InjectionQueue();
    ~InjectionQueue();
    InjectionQueue(const InjectionQueue&) = delete;
    InjectionQueue& operator=(const InjectionQueue&) = delete;

    /// Copies the task in. False: the queue is closed or unattended. Throws std::bad_alloc.
    bool push(const Task& task);
    /// Copies in as many as there is memory for; returns how many. 0: the queue is closed or unattended. Throws
    /// std::bad_alloc if there is no memory for the first. What has been copied in is_gone().
    std::size_t push(std::span<Task> tasks);
    /// One task, even when closed, for tasks that had been accepted before.
    void push_always(const Task& task);

    /// What is pushed from now on is refused until a worker attends to the queue. As it is at first. Unless closed.
    void leave_unattended() noexcept { set_state(State::unattended); }
    /// A worker will take what is pushed from now on. Unless closed.
    void attend() noexcept { set_state(State::attended); }
    /// What is pushed from now on is refused for good.
    void close() noexcept { set_state(State::closed); }
    /// The same in a forked child, whatever state the queue was left in.
    void close_in_child() noexcept;
    /// Whether push() would accept a task just now. acquire: as below.
    bool attended() const noexcept { return state_.load(std::memory_order_acquire) == State::attended; }
    /// acquire: a thread that sees it closed sees why.
    bool closed() const noexcept { return state_.load(std::memory_order_acquire) == State::closed; }

    /// A task and the segment it lies in, which must be told when the task has run.
    struct Taken {
        Task* task = nullptr;
        Segment* segment = nullptr;
    };
    Taken pop() noexcept;

    /// `count` tasks of the segment have run.
    void done(Segment& segment, std::uint32_t count) noexcept;

    /// Whether more segments were made than are kept, so that give_memory_back() has something to do. relaxed: a hint.
    bool has_grown() const noexcept { return has_grown_.load(std::memory_order_relaxed); }
    /// Lets all segments go but the one lowest in memory, if no task waits or runs. The C library returns to the system
    /// what lies above the topmost piece of memory in use, and that is the last segment of a burst.
    void give_memory_back() noexcept;

    /// Tasks that wait.
    std::size_t size() const noexcept {
        // acquire: what was popped had been pushed.
        const std::uint64_t popped = popped_.load(std::memory_order_acquire);
        // seq_cst: in one order with pushes, see IdleState.
        return static_cast<std::size_t>(pushed_.load(std::memory_order_seq_cst) - popped);
    }

private:
    enum class State : std::uint8_t { attended, unattended, closed };

    void set_state(State state) noexcept;
    void write(const Task& task);
    void publish(std::uint64_t count) noexcept;
    Taken take(Segment*& left) noexcept;
    Segment& fresh_segment();
    bool is_at_rest() const noexcept THREADWISE_REQUIRES(spare_lock_);
    Segment* keep_lowest() noexcept THREADWISE_REQUIRES(spare_lock_);

    static constexpr std::size_t most_spares = 32;

    // The submitters' line.
    alignas(64) QueueLock push_lock_;
    std::atomic<State> state_{State::unattended};  // written under the lock
    Segment* last_;
    std::uint32_t write_place_ = 0;
    std::atomic<std::uint64_t> pushed_{0};

    // The workers' line.
    alignas(64) QueueLock pop_lock_;
    std::uint32_t read_place_ = 0;
    Segment* first_;
    std::uint64_t known_pushed_ = 0;
    std::atomic<std::uint64_t> popped_{0};

    alignas(64) platform::InternalLock spare_lock_;
    Segment* spare_ THREADWISE_GUARDED_BY(spare_lock_) = nullptr;
    std::size_t spares_ THREADWISE_GUARDED_BY(spare_lock_) = 0;
    std::size_t segments_ THREADWISE_GUARDED_BY(spare_lock_) = 1;  ///< all that there are
    std::atomic<bool> has_grown_{false};                           // written under the lock
};

struct InjectionQueue::Segment {
    static constexpr std::uint32_t size = 72;

    /// Made under the lock, and so not by the program's operator new, which may use the pool.
    static void* operator new(std::size_t /*size*/) { return runtime::SystemAllocator<Segment>().allocate(1); }
    static void operator delete(void* segment) noexcept {
        runtime::SystemAllocator<Segment>().deallocate(static_cast<Segment*>(segment), 1);
    }

    std::array<Task, size> tasks;
    /// Tasks that have not run; and one for the queue itself, until both its ends have left the segment.
    std::atomic<std::uint32_t> unfinished{size + 1};
    Segment* next = nullptr;  // written before pushed_ tells of the first task in it
};

}  // namespace threadwise::detail
