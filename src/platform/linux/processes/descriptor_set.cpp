#include "platform/processes/descriptor_set.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

namespace threadwise::platform {

DescriptorSet make_descriptor_set(std::span<const int> descriptors) noexcept {
    const int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) return {.error = errno};
    for (const int descriptor : descriptors) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
        // EEXIST: it is in there already.
        if (epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) != 0 && errno != EEXIST) {
            const int error = errno;
            close(set);
            return {.error = error};
        }
    }
    return {.descriptor = set};
}

}  // namespace threadwise::platform
