#include "threadwise/recycling.hpp"

#include "runtime/recycler.hpp"

namespace threadwise {

bool set_recycling(bool allowed) noexcept { return runtime::allow_recycling(allowed); }

}  // namespace threadwise
