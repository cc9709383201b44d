#include "threadwise/embed/signals.hpp"

#include "runtime/records/registry.hpp"

namespace threadwise::embed {

void signal_main() noexcept {
    runtime::ThreadRecord& record = runtime::registry::main_record();
    // relaxed: if the main thread wipes the kick out before it sleeps, it sees this by that (Parker::reset()).
    record.signalled.store(true, std::memory_order_relaxed);
    record.parker.kick();
}

}  // namespace threadwise::embed
