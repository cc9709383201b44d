#pragma once
// A queued task: less than a cache line, whatever it is.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "threadwise/detail/futures/block_allocated.hpp"
#include "threadwise/detail/futures/moves_as_bytes.hpp"
#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

class GroupState;
struct Task;

enum class TaskAction : std::uint8_t {
    run,
    cancel,  ///< the pool was shut down with cancel_futures
    fail,    ///< the pool is broken
};

/// What became of it. The caller that ran or dropped it counts the first three.
enum class TaskOutcome : std::uint8_t {
    done,
    failed,
    cancelled,
    counted,  ///< it ran, and has been counted: futures do that before they are done
    other,    ///< somebody else runs or ran it; or it is no call but part of a group
};

/// Whose task it is, in one word: a group's, which is told when the task has run; or nobody's but the submitter's, for
/// which it may take up some of the pool's capacity (ThreadPoolOptions::max_queued).
///
/// | word    | meaning                                                        | set by                           |
/// |---------|----------------------------------------------------------------|----------------------------------|
/// | 0       | a call, or a task of the pool's own, that takes up no capacity | whoever makes the task           |
/// | 1       | a call that takes up capacity while it is queued               | the pool, as it accepts the call |
/// | greater | the address of the group                                       | TaskGroup::run()                 |
class TaskOwner {
public:
    TaskOwner() = default;
    explicit TaskOwner(const GroupState& group) noexcept : word_(reinterpret_cast<std::uintptr_t>(&group)) {}
    static constexpr TaskOwner none() noexcept { return TaskOwner(no_capacity); }
    static constexpr TaskOwner none_with_capacity() noexcept { return TaskOwner(capacity); }

    bool is_group() const noexcept { return word_ > capacity; }
    /// If it is one.
    GroupState& group() const noexcept { return *reinterpret_cast<GroupState*>(word_); }
    bool takes_capacity() const noexcept { return word_ == capacity; }
    friend bool operator==(const TaskOwner&, const TaskOwner&) = default;

private:
    static constexpr std::uintptr_t no_capacity = 0;
    static constexpr std::uintptr_t capacity = 1;

    explicit constexpr TaskOwner(std::uintptr_t word) noexcept : word_(word) {}

    std::uintptr_t word_;
};

/// What is to be done, and up to 40 bytes of what it needs. `invoke` does it, or not, and destroys what is inside. On
/// its way through the queues a task is copied byte by byte, under their locks, where no code of the user's may run.
struct Task {
    /// Not noexcept: the call may end its thread with pthread_exit(). It throws nothing else.
    using Invoke = TaskOutcome (*)(Task&, TaskAction);

    static constexpr std::size_t capacity = 40;

    template <class Content>
    Content& content() noexcept {
        return *std::launder(reinterpret_cast<Content*>(bytes));
    }

    /// After a submission of several that failed: whether this one has been queued.
    bool is_gone() const noexcept { return invoke == nullptr; }

    Invoke invoke;
    union {
        TaskOwner owner;
        Task* next;  ///< while it is in a list of a worker's or a group's
    };
    alignas(8) std::byte bytes[capacity];
};

static_assert(sizeof(Task) == 56 && std::is_trivially_copyable_v<Task>);

template <class Call>
inline constexpr bool fits_into_task = sizeof(Call) <= Task::capacity && alignof(Call) <= 8;

/// A callable inside of the task.
template <class Call>
struct CallInside {
    static Call& of(Task& task) noexcept { return task.content<Call>(); }
    static void destroy(Task& task) noexcept { std::destroy_at(&of(task)); }
    template <class... Arguments>
    static void make(Task& task, Arguments&&... arguments) {
        ::new (static_cast<void*>(task.bytes)) Call(std::forward<Arguments>(arguments)...);
    }
};

/// A callable in memory of its own.
template <class Call>
struct CallOutside {
    static Call& of(Task& task) noexcept { return task.content<Box*>()->call; }
    static void destroy(Task& task) noexcept { delete task.content<Box*>(); }
    template <class... Arguments>
    static void make(Task& task, Arguments&&... arguments) {
        ::new (static_cast<void*>(task.bytes)) Box*(new Box(std::forward<Arguments>(arguments)...));
    }

private:
    struct Box : BlockAllocated {
        template <class... Arguments>
        explicit Box(Arguments&&... arguments) : call(std::forward<Arguments>(arguments)...) {}

        Call call;
    };
};

/// Where the callable of a task is that goes through a queue.
template <class Call>
using QueuedCall =
    std::conditional_t<fits_into_task<Call> && moves_as_bytes<Call>, CallInside<Call>, CallOutside<Call>>;

/// Where that of a task is that stays where it was made.
template <class Call>
using StayingCall = std::conditional_t<fits_into_task<Call>, CallInside<Call>, CallOutside<Call>>;

/// The task of fire_and_forget().
template <class Call>
TaskOutcome invoke_forgotten(Task& task, TaskAction action) {
    const Finally destroy([&task] { QueuedCall<Call>::destroy(task); });
    if (action == TaskAction::cancel) return TaskOutcome::cancelled;
    if (action == TaskAction::fail) return TaskOutcome::failed;
    const bool returned = call_user_code([&] { std::move(QueuedCall<Call>::of(task))(); }, &handle_escaped_exception);
    return returned ? TaskOutcome::done : TaskOutcome::failed;
}

}  // namespace threadwise::detail
