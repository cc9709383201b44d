#pragma once
// The pools that the process must shut down when it ends.

#include <memory>

#include "pool/pool.hpp"

namespace threadwise::detail {

/// Python's `_python_exit`: when the process begins to end, no pool accepts calls any more, those that were accepted
/// still run, and the pool's threads are waited for. Also for pools that were shut down without waiting.
void end_with_process(const std::shared_ptr<Pool>& pool);

}  // namespace threadwise::detail
