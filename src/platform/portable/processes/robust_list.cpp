// The standard library knows of no thread's death: a word keeps the number of a thread that has ended.

#include "platform/processes/robust_list.hpp"

#include <atomic>

namespace threadwise::platform {
namespace {

constinit std::atomic<std::uint32_t> last_number{0};
constinit thread_local std::uint32_t this_number = 0;

}  // namespace

std::uint32_t robust_holder() noexcept {
    if (this_number == 0) this_number = ++last_number & robust_holder_bits;
    return this_number;
}

void forget_robust_holder() noexcept {}
void begin_robust_change(void** /*links*/) noexcept {}
void end_robust_change() noexcept {}
void link_robust(void** /*links*/) noexcept {}
void unlink_robust(void** /*links*/) noexcept {}

}  // namespace threadwise::platform
