#include "pool/ranked_queue.hpp"

#include <memory>

namespace threadwise::detail {

bool RankedQueue::push(const Task& task, int priority) {
    auto own = std::make_unique<Task>(task);
    const platform::InternalHold hold(lock_);
    if (state_ != State::attended) return false;
    Entry entry{priority, own.get()};
    heap_.place(entry);                // finds where it belongs,
    heap_.push(Entry(entry));          // and puts it there
    static_cast<void>(own.release());  // the queue owns it now
    // relaxed: written under this lock.
    if (priority > 0) urgent_.store(urgent_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    // seq_cst: in one order with IdleState.
    size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    return true;
}

void RankedQueue::set_state(State state) noexcept {
    const platform::InternalHold hold(lock_);
    if (state_ != State::closed) state_ = state;
}

Task* RankedQueue::pop(bool only_urgent) noexcept {
    const platform::InternalHold hold(lock_);
    if (heap_.size() == 0) return nullptr;
    const Entry first = heap_.top();
    const bool urgent = first.priority > 0;
    if (only_urgent && !urgent) return nullptr;
    heap_.pop();
    // relaxed: written under this lock. A thread that reads the old, greater number looks once too often.
    if (urgent) urgent_.store(urgent_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return first.task;
}

}  // namespace threadwise::detail
