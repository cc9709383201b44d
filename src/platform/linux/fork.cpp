#include "platform/fork.hpp"

#include <pthread.h>

#include <new>

namespace threadwise::platform {

void around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) {
    if (pthread_atfork(before, in_parent, in_child) != 0) throw std::bad_alloc();
}

}  // namespace threadwise::platform
