#pragma once
// Whether the program can be started again as a process of one of its functions.

namespace threadwise::multiprocessing {

/// Whether main() has called freeze_support().
bool may_start_functions() noexcept;

}  // namespace threadwise::multiprocessing
