#pragma once

/// \file
/// The lock under which the slow paths of an InterpreterLock work, and how they notice a fork.

#include <cstdint>

#include "platform/internal_lock.hpp"

namespace threadwise::detail {

/// That of the InterpreterLock whose words are at this address: a few share one, as a lock inside each could not be
/// held over a fork.
platform::InternalLock& interpreter_guard(const void* words) noexcept;

/// How many forks lie between the first process and this one: a waiter that noted another count is not in this process.
std::uint32_t fork_count() noexcept;

}  // namespace threadwise::detail
