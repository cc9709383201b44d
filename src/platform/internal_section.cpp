#include "platform/internal_section.hpp"

namespace threadwise::platform {

constinit thread_local std::atomic<int> internal_sections{0};

}  // namespace threadwise::platform
