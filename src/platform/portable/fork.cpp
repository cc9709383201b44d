#include "platform/fork.hpp"

namespace threadwise::platform {

void around_fork(void (* /*before*/)(), void (* /*in_parent*/)(), void (* /*in_child*/)()) {}

}  // namespace threadwise::platform
