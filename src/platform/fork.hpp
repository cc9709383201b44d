#pragma once
// What happens around fork().

namespace threadwise::platform {

/// Calls `before()` before every fork() of the process, then `in_parent()` and `in_child()`, on the thread that forks.
/// Nothing on a platform without fork.
void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)());

}  // namespace threadwise::platform
