// The standard library has no descriptors.

#include "platform/processes/descriptor_set.hpp"

#include <cerrno>

namespace threadwise::platform {

DescriptorSet make_descriptor_set(std::span<const int> /*descriptors*/) noexcept { return {.error = ENOSYS}; }

}  // namespace threadwise::platform
