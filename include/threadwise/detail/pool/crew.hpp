#pragma once
// Workers that help a thread from outside of their pool with a loop, which that thread runs as well.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>

#include "threadwise/detail/futures/failures.hpp"
#include "threadwise/detail/futures/task.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise {
class ThreadPoolExecutor;
}

namespace threadwise::detail {

class Pool;

/// Whether a thread from outside may run parts of what the pool is asked to run. Not if it has one worker, as what that
/// runs does not run side by side; nor if it has an initializer, which prepares its own threads alone; nor if it
/// refuses calls.
THREADWISE_API bool lets_callers_help(ThreadPoolExecutor& executor) noexcept;

/// Counts the helpers that are at work, so that the caller waits for those alone: one that has been called, but has not
/// begun when the loop is over, does nothing. Owned by the caller and by each queued call of a helper.
class THREADWISE_API Crew {
public:
    /// What a helper does: `help(loop)`. May not throw.
    using Help = void (*)(void* loop);

    /// `most` helpers at most, and one fewer than the pool has workers, as the caller works in place of one. Null if
    /// there is no memory.
    static Crew* make(ThreadPoolExecutor& executor, Help help, void* loop, std::size_t most) noexcept;
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// How many threads work on the loop at most.
    std::size_t threads() const noexcept { return threads_; }
    /// Any thread at work: calls one more helper, if there may be one more and the pool takes the call.
    void call_helper() noexcept;

    void fail(std::exception_ptr exception) noexcept { failures_.fail(std::move(exception)); }
    /// Ends the loop with an InterruptedError that says so.
    void stop() noexcept;
    bool cancelled() const noexcept { return failures_.cancelled(); }

    /// The caller: returns when no helper is at work, and none will begin. Interrupts are kept as one failure.
    void close(const SourceLocation& where) noexcept;
    /// After close(): throws what was kept, as TaskGroup::wait() does.
    void rethrow() { failures_.rethrow(); }
    void drop_owner() noexcept;

private:
    Crew(Pool& pool, Help help, void* loop, std::size_t helpers) noexcept;
    ~Crew() = default;

    /// The task that calls a helper.
    static TaskOutcome invoke_helper(Task& task, TaskAction action);

    bool enter() noexcept;
    void leave() noexcept;

    // state_: whether the loop is over, and how many helpers are at work.
    static constexpr std::uint32_t closed = 1;
    static constexpr std::uint32_t helper = 2;

    Pool& pool_;
    const Help help_;
    void* const loop_;
    const std::size_t threads_;
    std::atomic<std::size_t> uncalled_;  ///< helpers that may still be called
    std::atomic<std::uint32_t> owners_{1};
    std::atomic<std::uint32_t> state_{0};
    Failures failures_;
};

}  // namespace threadwise::detail
