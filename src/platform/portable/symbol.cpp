#include "platform/symbol.hpp"

namespace threadwise::platform {

std::string function_name(const void* /*address*/) { return {}; }

}  // namespace threadwise::platform
