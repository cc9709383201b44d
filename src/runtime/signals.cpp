#include "threadwise/detail/signals.hpp"

#include "runtime/registry.hpp"

namespace threadwise::detail {

void signal_main() noexcept { runtime::registry::main_record().parker.kick(); }

}  // namespace threadwise::detail
