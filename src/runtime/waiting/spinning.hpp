#pragma once
// Which threads may spin.

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Whether the calling thread may spin now.
bool may_spin(const ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime
