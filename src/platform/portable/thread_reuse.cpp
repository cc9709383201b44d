#include "platform/thread_reuse.hpp"

namespace threadwise::platform {

Inheritance inheritance_of_this_thread() noexcept { return {}; }

Beginning beginning_of_this_thread() noexcept { return {}; }

bool is_as_new(const Beginning& /*beginning*/) noexcept { return false; }

}  // namespace threadwise::platform
