#include "threadwise/detail/queue_lock.hpp"

#include "queue/head_start.hpp"
#include "threading/contended.hpp"
#include "threading/owner_gate.hpp"

namespace threadwise::detail {

void QueueLock::lock_slow() {
    const OwnerGate gate{word_, runtime::this_record().ident};
    head_start();
    if (gate.try_take(false)) return;
    const runtime::WaitSite site{
        .kind = runtime::WaitKind::lock, .object = this, .owner_word = &word_.value(), .where = {}};
    runtime::Waiting waiting(site);
    waiting.turn_to(site);  // so that nothing interrupts it
    threading::acquire_contended(gate, waiting);
    gate.accept();
}

}  // namespace threadwise::detail
