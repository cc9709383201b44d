#pragma once

/// \file
/// The lock under which the slow paths of an InterpreterLock work.

#include "platform/internal_lock.hpp"

namespace threadwise::detail {

/// That of the InterpreterLock whose words are at this address: a few share one, as a lock inside each could not be
/// held over a fork.
platform::InternalLock& interpreter_guard(const void* words) noexcept;

}  // namespace threadwise::detail
