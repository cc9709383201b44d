#include "platform/kernel_wait.hpp"

// The standard library does not show what threads wait for.
namespace threadwise::platform {

KernelWait find_wait(std::uint64_t /*native_id*/) noexcept { return {}; }

bool any_native_thread(bool (* /*condition*/)(std::uint64_t, const void*), const void* /*data*/) noexcept {
    return false;
}

}  // namespace threadwise::platform
