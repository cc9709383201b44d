#pragma once

/// \file
/// The wait queues of an InterpreterLock.

#include <atomic>
#include <cstdint>

#include "platform/clock.hpp"
#include "threading/interpreter/turn_policy.hpp"

namespace threadwise::detail {

/// One thread that waits; lies on its stack. Guarded, but for `state`.
struct InterpreterWaiter {
    InterpreterWaiter(std::uint32_t who, threading::TurnKind what, platform::Instant when) noexcept
        : ident(who), kind(what), since(when) {}

    enum class State : std::uint8_t {
        waiting,
        called,   ///< look whether the lock is yours to take, or what else has changed
        granted,  ///< it is yours
    };

    const std::uint32_t ident;
    const threading::TurnKind kind;
    const platform::Instant since;
    threading::TurnPolicy::Duration used{};       ///< of the turn that was interrupted
    platform::Instant look_at = platform::never;  ///< when to look up
    bool soon = false;                            ///< it will not take long: spin first
    std::atomic<State> state{State::waiting};
    InterpreterWaiter* next = nullptr;
    InterpreterWaiter* previous = nullptr;
};

/// Those of one kind, in line.
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
