#include "platform/freeze.hpp"

namespace threadwise::platform {

void let_freeze(Stopping* /*thread*/) noexcept {}
bool prepare_to_freeze() { return false; }
void ask_to_freeze(std::uint64_t /*native_id*/, Stopping& /*thread*/, bool /*even_waiting*/) noexcept {}

}  // namespace threadwise::platform
