#pragma once
// What the sizes of stacks are held to.

#include "threadwise/stack_size.hpp"

namespace threadwise {

/// Throws as stack_size(size) does.
void check_stack_size(std::size_t size);

}  // namespace threadwise
