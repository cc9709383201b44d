#pragma once

/// \file
/// The internal lock that guards the wait queues and the policy of an InterpreterLock.

#include "platform/internal_lock.hpp"

namespace threadwise::detail {

/// The guard of the InterpreterLock whose InterpreterWords are at `words`. InterpreterLocks share a fixed number of
/// guards: these can be held over a fork, so that the child finds what they guard consistent, whereas a lock in each
/// object would have to be registered for that.
platform::InternalLock& interpreter_guard(const void* words) noexcept;

}  // namespace threadwise::detail
