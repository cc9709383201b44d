#include "platform/processes/shared_pages.hpp"

namespace threadwise::platform {

SharedPages open_shared_pages(const char* /*name*/, std::size_t /*size*/) noexcept { return {}; }

void close_shared_pages(const SharedPages& /*pages*/) noexcept {}

bool commit_shared_pages(std::byte* /*begin*/, std::size_t /*size*/) noexcept { return false; }

}  // namespace threadwise::platform
