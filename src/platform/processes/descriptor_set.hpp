#pragma once
// Many descriptors as one.

#include <span>

namespace threadwise::platform {

/// A descriptor that is ready to read while any of the set is, to be closed by close_descriptor(); or the errno that
/// came instead.
struct DescriptorSet {
    int descriptor = -1;
    int error = 0;
};

DescriptorSet make_descriptor_set(std::span<const int> descriptors) noexcept;

}  // namespace threadwise::platform
