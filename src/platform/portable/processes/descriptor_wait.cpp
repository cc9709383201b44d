// The standard library has no descriptors: nobody can have one to wait for.

#include "platform/processes/descriptor_wait.hpp"

namespace threadwise::platform {

DescriptorWaker::~DescriptorWaker() = default;
void DescriptorWaker::close() noexcept { process_ = 0; }
void DescriptorWaker::prepare() noexcept { close(); }
FutexResult DescriptorWaker::wait(AwaitedDescriptor /*awaited*/, Instant /*deadline*/) noexcept {
    close();
    return FutexResult::timed_out;
}
void DescriptorWaker::wake() noexcept { event_.store(-1, std::memory_order_relaxed); }  // relaxed: never read

}  // namespace threadwise::platform
