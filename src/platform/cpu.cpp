#include "platform/cpu.hpp"

#include <thread>

namespace threadwise::platform {

unsigned core_count() noexcept {
    static const unsigned count = std::thread::hardware_concurrency();
    return count == 0 ? 1 : count;
}

}  // namespace threadwise::platform
