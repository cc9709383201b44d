#pragma once
// How much there is to do for the cores.

namespace threadwise::platform {

/// Whether at this moment more threads want to run than there are cores, on the whole machine; false where that cannot
/// be known. Costs some microseconds.
bool is_machine_busy() noexcept;

}  // namespace threadwise::platform
