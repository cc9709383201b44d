#include "platform/machine_load.hpp"

namespace threadwise::platform {

bool is_machine_busy() noexcept { return false; }

}  // namespace threadwise::platform
