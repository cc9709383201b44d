#pragma once
// Who may spin.

#include "runtime/thread_record.hpp"

namespace threadwise::runtime {

/// Whether the calling thread may spin now.
bool may_spin(const ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime
