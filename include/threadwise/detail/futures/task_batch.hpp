#pragma once
// Tasks on their way into a pool, several at a time.

#include <array>
#include <cstddef>

#include "threadwise/detail/futures/task.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

class Pool;

/// Collects tasks and submits them together: the queue is locked once for many, and at most one worker is woken.
class THREADWISE_API TaskBatch {
public:
    explicit TaskBatch(Pool& pool) noexcept : pool_(pool) {}
    TaskBatch(const TaskBatch&) = delete;
    TaskBatch& operator=(const TaskBatch&) = delete;
    /// Cancels what has not been submitted.
    ~TaskBatch() {
        while (count_ > 0) {
            if (Task& task = tasks_[--count_]; !task.is_gone()) task.invoke(task, TaskAction::cancel);
        }
    }

    /// Adds the task that `fill` fills in. Throws what that or the pool throws.
    template <class Fill>
    void add(Fill&& fill) {
        if (count_ == tasks_.size()) submit();
        fill(tasks_[count_]);
        ++count_;
    }
    void submit();

private:
    Pool& pool_;
    std::size_t count_ = 0;
    std::array<Task, 32> tasks_;
};

}  // namespace threadwise::detail
