#include "pool/live_pools.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "futures/current_worker.hpp"
#include "platform/internal_lock.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::detail {
namespace {

struct LivePools {
    platform::InternalLock lock;
    std::vector<std::weak_ptr<Pool>> pools;
    bool registered = false;

    LivePools();
};

LivePools& the_pools() {
    // Never destroyed: pools may be made and go while static objects are being destroyed.
    static auto& pools = *new LivePools;
    return pools;
}

// The lock is held.
void orphan_all() noexcept {
    for (const auto& weak : the_pools().pools) {
        if (const auto pool = weak.lock()) pool->become_orphan();
    }
}

LivePools::LivePools() {
    runtime::hold_over_fork(lock, runtime::ForkOrder::before_registry);
    runtime::at_fork_in_child(orphan_all);
}

[[maybe_unused]] const bool made_at_load = (the_pools(), true);

void end_all() {
    std::vector<std::weak_ptr<Pool>> pools;
    {
        const std::lock_guard hold(the_pools().lock);
        pools.swap(the_pools().pools);
    }
    for (const auto& weak : pools) {
        // A pool whose own task ends the process cannot wait for itself.
        if (const auto pool = weak.lock()) pool->shutdown(!runs_here(pool.get()), false, {});
    }
}

}  // namespace

void end_with_process(const std::shared_ptr<Pool>& pool) {
    LivePools& all = the_pools();
    const std::lock_guard hold(all.lock);
    if (!all.registered) runtime::at_shutdown(end_all);
    all.registered = true;
    std::erase_if(all.pools, [](const auto& weak) { return weak.expired(); });
    all.pools.push_back(pool);
}

}  // namespace threadwise::detail
