#include "platform/freeze.hpp"

namespace threadwise::platform {

void let_freeze(std::atomic<bool>* /*flag*/) noexcept {}
bool prepare_to_freeze() { return false; }
void ask_to_freeze(std::uint64_t /*native_id*/) noexcept {}

}  // namespace threadwise::platform
