#pragma once

/// \file
/// The wait queues of an InterpreterLock.

#include <atomic>
#include <cstdint>

#include "platform/clock.hpp"
#include "threading/interpreter/turn_policy.hpp"

namespace threadwise::detail {

/// One waiting thread, on that thread's stack. All but `state` is guarded by the lock's guard (interpreter_guard.hpp).
struct InterpreterWaiter {
    InterpreterWaiter(std::uint32_t waiter, threading::TurnKind of_kind, platform::Instant begin) noexcept
        : ident(waiter), kind(of_kind), since(begin) {}

    enum class State : std::uint8_t {
        waiting,
        called,   ///< it has to look again: it may be able to take the lock, or be the first in line
        granted,  ///< it holds the lock
    };

    const std::uint32_t ident;
    const threading::TurnKind kind;
    const platform::Instant since;
    threading::TurnPolicy::Duration used{};       ///< how much of its interrupted turn it has used
    platform::Instant look_at = platform::never;  ///< when it wakes up by itself to look at the lock
    bool soon = false;                            ///< the wait will be short: spin before parking
    std::atomic<State> state{State::waiting};
    InterpreterWaiter* next = nullptr;
    InterpreterWaiter* previous = nullptr;
};

/// The waiters of one kind, first come first served.
class InterpreterLine {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    InterpreterWaiter* first() const noexcept { return first_; }
    void push_back(InterpreterWaiter& waiter) noexcept;
    void push_front(InterpreterWaiter& waiter) noexcept;
    void remove(InterpreterWaiter& waiter) noexcept;

private:
    InterpreterWaiter* first_ = nullptr;
    InterpreterWaiter* last_ = nullptr;
};

}  // namespace threadwise::detail
