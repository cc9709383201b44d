#include "threadwise/version.hpp"

namespace threadwise {

std::string_view version() noexcept { return THREADWISE_VERSION; }

}  // namespace threadwise
