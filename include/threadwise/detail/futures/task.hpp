#pragma once
// A queued task: less than a cache line, whatever it is.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

class GroupCore;
struct Task;

enum class TaskAction : std::uint8_t {
    run,
    cancel,  ///< the pool was shut down with cancel_futures
    fail,    ///< the pool is broken
};

/// What became of it. The first three are counted by who has run the task or not.
enum class TaskOutcome : std::uint8_t {
    done,
    failed,
    cancelled,
    counted,  ///< it ran, and has been counted: futures do that before they are done
    other,    ///< somebody else runs or ran it; or it is no call but part of a group
};

/// What is to be done, and up to 40 bytes of what it needs. `invoke` does it, or not, and destroys what is inside.
struct Task {
    /// Not noexcept: the call may end its thread with pthread_exit(). It throws nothing else.
    using Invoke = TaskOutcome (*)(Task&, TaskAction);
    using Relocate = void (*)(Task& to, Task& from) noexcept;

    static constexpr std::size_t room = 40;

    template <class Content>
    Content& content() noexcept {
        return *std::launder(reinterpret_cast<Content*>(bytes));
    }

    /// After a submission of several that failed: whether this one has been queued.
    bool is_gone() const noexcept { return invoke == nullptr; }

    Invoke invoke;
    union {
        GroupCore* group;  ///< whom to tell when it has run; null: nobody
        Task* next;        ///< while it is in a list of its owner's
    };
    alignas(8) std::byte bytes[room];
};

static_assert(sizeof(Task) == 56);

template <class Content>
inline constexpr bool fits_into_task = sizeof(Content) <= Task::room &&
                                       alignof(Content) <= 8 && std::is_nothrow_move_constructible_v<Content>;

/// A callable inside the task, if it fits; behind a pointer otherwise.
template <class Call>
using TaskContent = std::conditional_t<fits_into_task<Call>, Call, std::unique_ptr<Call>>;

template <class Content>
void relocate_task(Task& to, Task& from) noexcept {
    to.invoke = from.invoke;
    to.group = from.group;
    ::new (static_cast<void*>(to.bytes)) Content(std::move(from.content<Content>()));
    std::destroy_at(&from.content<Content>());
}

/// Null where copying the bytes does it.
template <class Content>
constexpr Task::Relocate relocation() noexcept {
    if constexpr (std::is_trivially_copyable_v<Content>) {
        return nullptr;
    } else {
        return &relocate_task<Content>;
    }
}

inline void relocate(Task& to, Task& from, Task::Relocate how) noexcept {
    if (how == nullptr) {
        std::memcpy(static_cast<void*>(&to), &from, sizeof(Task));
    } else {
        how(to, from);
    }
}

template <class Call>
Call& call_in(Task& task) noexcept {
    if constexpr (fits_into_task<Call>) {
        return task.content<Call>();
    } else {
        return *task.content<std::unique_ptr<Call>>();
    }
}

template <class Call, class... Arguments>
void put_call(Task& task, Arguments&&... arguments) {
    if constexpr (fits_into_task<Call>) {
        ::new (static_cast<void*>(task.bytes)) Call(std::forward<Arguments>(arguments)...);
    } else {
        ::new (static_cast<void*>(task.bytes))
            std::unique_ptr<Call>(std::make_unique<Call>(std::forward<Arguments>(arguments)...));
    }
}

/// The task of fire_and_forget().
template <class Call>
TaskOutcome invoke_forgotten(Task& task, TaskAction action) {
    const Finally destroy([&task] { std::destroy_at(&task.content<TaskContent<Call>>()); });
    if (action == TaskAction::cancel) return TaskOutcome::cancelled;
    if (action == TaskAction::fail) return TaskOutcome::failed;
    const bool returned = call_user_code([&] { std::move(call_in<Call>(task))(); }, &handle_escaped_exception);
    return returned ? TaskOutcome::done : TaskOutcome::failed;
}

}  // namespace threadwise::detail
