#include "platform/processes/process.hpp"

namespace threadwise::platform {

std::uint64_t process_of(std::uint64_t /*native_id*/) noexcept { return 0; }

std::uint64_t this_process() noexcept { return 0; }

}  // namespace threadwise::platform
