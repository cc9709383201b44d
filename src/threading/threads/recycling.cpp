#include "threadwise/recycling.hpp"

#include "runtime/lifetime/recycler.hpp"

namespace threadwise {

bool set_recycling(bool allowed) noexcept { return runtime::allow_recycling(allowed); }

}  // namespace threadwise
