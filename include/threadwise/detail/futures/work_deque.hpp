#pragma once
// A worker's own tasks: it takes the newest, thieves take the oldest.
//
// A split deque (Acar, Charguéraud and Rainey, "Scheduling parallel programs by work stealing with private deques",
// 2013; van Dijk and van de Pol, "Lace", 2014). The tasks from `split` on are private to the owner, which pushes and
// pops them with plain loads and stores; those below `split` are shared, by the protocol of Chase and Lev ("Dynamic
// circular work-stealing deque", 2005) in its C++11 form (Lê, Pop, Cohen and Zappa Nardelli, 2013), with `split` as its
// bottom. A push keeps the two oldest tasks shared, so a thief finds work without asking and a deep recursion pays no
// atomic operation below its first levels.

#include <array>
#include <atomic>
#include <cstdint>

#include "threadwise/detail/futures/task.hpp"

namespace threadwise::detail {

class WorkDeque {
public:
    /// What a push did.
    enum class Pushed : std::uint8_t {
        kept,    ///< it stays private
        shared,  ///< something became visible to thieves: wake one if nobody is looking
        full,    ///< there was no room for it
    };

    /// Owner only.
    Pushed push(Task& task) noexcept {
        // relaxed: an old value only makes the deque look fuller and less shared than it is.
        const std::int64_t top = top_.load(std::memory_order_relaxed);
        if (bottom_ - top >= capacity) [[unlikely]]
            return Pushed::full;
        // relaxed: share() publishes it.
        slot(bottom_).store(&task, std::memory_order_relaxed);
        ++bottom_;
        if (shared_ - top >= enough_shared) [[likely]]
            return Pushed::kept;
        share(top + enough_shared);
        return Pushed::shared;
    }

    /// Owner only: the newest task if it is private and of that owner.
    Task* pop_private(TaskOwner owner) noexcept {
        if (bottom_ == shared_) return nullptr;
        Task* const task = slot(bottom_ - 1).load(std::memory_order_relaxed);  // relaxed: the owner wrote it
        if (task->owner != owner) return nullptr;
        --bottom_;
        return task;
    }

    /// Owner only: the newest task, or null.
    Task* pop() noexcept {
        if (bottom_ != shared_) return slot(--bottom_).load(std::memory_order_relaxed);  // relaxed: as above
        return pop_shared();
    }

    /// Owner only: lets thieves have all of it. Returns whether that is more than before.
    bool share_all() noexcept {
        if (bottom_ == shared_) return false;
        share(bottom_);
        return true;
    }

    /// Owner only: where the next task goes. Tasks pushed from now on are at this place or above.
    std::int64_t bottom() const noexcept { return bottom_; }

    /// Thieves: the oldest task if it lies at `from` (counted modulo 2^32) or above; null if there is none or another
    /// thief was faster.
    Task* steal_from(std::uint32_t from) noexcept {
        // seq_cst: in one order with the owner's store of split_ and load of top_ in pop_shared(): not both may take
        // the last task.
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        const std::int64_t split = split_.load(std::memory_order_seq_cst);
        if (top >= split || static_cast<std::int32_t>(static_cast<std::uint32_t>(top) - from) < 0) return nullptr;
        // relaxed: the load of split_ has acquired it; should the owner have reused the slot, the exchange fails.
        Task* const task = slot(top).load(std::memory_order_relaxed);
        if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) {
            return nullptr;
        }
        return task;
    }

    /// Thieves: whether steal_from() may be worth trying. relaxed: a hint.
    bool has_shared_from(std::uint32_t from) const noexcept {
        const std::int64_t top = top_.load(std::memory_order_relaxed);
        return top < split_.load(std::memory_order_relaxed) &&
               static_cast<std::int32_t>(static_cast<std::uint32_t>(top) - from) >= 0;
    }

    /// Thieves: the task that the owner has given up, or the oldest one; null if there is none or another thread was
    /// faster.
    Task* steal() noexcept {
        if (Task* const task = take_given_up()) return task;
        return steal_from(static_cast<std::uint32_t>(top_.load(std::memory_order_relaxed)));
    }

    /// Anybody: whether there is something to steal. seq_cst: see IdleState.
    bool has_shared() const noexcept {
        return top_.load(std::memory_order_seq_cst) < split_.load(std::memory_order_seq_cst) ||
               given_up_.load(std::memory_order_seq_cst) != nullptr;
    }

    /// Owner only, while has_given_up() is false: leaves to thieves what it has stolen and may not run.
    void give_up(Task& task) noexcept { given_up_.store(&task, std::memory_order_seq_cst); }  // seq_cst: see IdleState
    /// Owner only. relaxed: nobody else puts anything there.
    bool has_given_up() const noexcept { return given_up_.load(std::memory_order_relaxed) != nullptr; }
    /// Anybody: what the owner has given up, if it is still there.
    Task* take_given_up() noexcept {
        if (given_up_.load(std::memory_order_relaxed) == nullptr) [[likely]]  // relaxed: a hint
            return nullptr;
        // acquire: pairs with give_up(), which publishes the task.
        return given_up_.exchange(nullptr, std::memory_order_acquire);
    }

private:
    static constexpr std::int64_t capacity = 1024;
    static constexpr std::int64_t enough_shared = 2;

    std::atomic<Task*>& slot(std::int64_t place) noexcept {
        return slots_[static_cast<std::size_t>(place) % static_cast<std::size_t>(capacity)];
    }

    void share(std::int64_t up_to) noexcept {
        shared_ = up_to < bottom_ ? up_to : bottom_;
        // seq_cst: publishes the tasks, and is in one order with IdleState.
        split_.store(shared_, std::memory_order_seq_cst);
    }

    Task* pop_shared() noexcept {
        // relaxed: once thieves have had everything they cannot have less.
        if (top_.load(std::memory_order_relaxed) >= shared_) return nullptr;
        const std::int64_t place = shared_ - 1;
        split_.store(place, std::memory_order_seq_cst);
        std::int64_t top = top_.load(std::memory_order_seq_cst);
        if (top < place) {
            bottom_ = shared_ = place;
            return slot(place).load(std::memory_order_relaxed);  // relaxed: the owner wrote it
        }
        Task* task = nullptr;
        if (top == place) {
            // The last one: the thread that advances top_ has it.
            task = slot(place).load(std::memory_order_relaxed);
            if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) {
                task = nullptr;
            }
        }
        // relaxed: nothing new is visible, the deque is empty.
        split_.store(place + 1, std::memory_order_relaxed);
        return task;
    }

    // The owner's line.
    std::int64_t bottom_ = 0;
    std::int64_t shared_ = 0;  // what split_ holds

    // The line of thieves.
    alignas(64) std::atomic<std::int64_t> top_{0};
    std::atomic<std::int64_t> split_{0};
    std::atomic<Task*> given_up_{nullptr};

    alignas(64) std::array<std::atomic<Task*>, static_cast<std::size_t>(capacity)> slots_{};
};

}  // namespace threadwise::detail
