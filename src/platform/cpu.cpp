#include "platform/cpu.hpp"

#include <thread>

namespace threadwise::platform {

unsigned core_count() noexcept {
    static const unsigned count = std::thread::hardware_concurrency();
    return count == 0 ? 1 : count;
}

namespace {

// Asked at load: on first use, a fork meanwhile would leave the child a value that is being made for good.
[[maybe_unused]] const unsigned asked_at_load = core_count();

}  // namespace

}  // namespace threadwise::platform
