#include "pool/live_pools.hpp"

#include <mutex>
#include <vector>

#include "futures/current_worker.hpp"
#include "platform/internal_lock.hpp"
#include "pool/pool.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/lifetime/shutdown.hpp"

namespace threadwise::detail {
namespace {

/// Nothing is allocated or freed under the lock.
struct LivePools {
    platform::InternalLock lock;
    LivePoolList pools;
    bool registered = false;  ///< end_all() will be called
    bool ended = false;       ///< and has begun

    LivePools();
};

LivePools& the_pools() {
    // Never destroyed: pools may be made and go while static objects are being destroyed.
    static auto& pools = *new LivePools;
    return pools;
}

// In a forked child, with the lock. The parent may be ending.
void orphan_all() noexcept {
    LivePools& all = the_pools();
    for (const auto& weak : all.pools) {
        if (const auto pool = weak.lock()) pool->become_orphan();
    }
    all.registered = all.ended = false;
}

LivePools::LivePools() {
    runtime::hold_over_fork(lock, runtime::ForkOrder::before_registry);
    runtime::at_fork_in_child(orphan_all, runtime::ForkOrder::after_registry);
}

[[maybe_unused]] const bool made_at_load = (the_pools(), true);

/// No pool is added from now on.
std::vector<std::shared_ptr<Pool>> take_all() {
    LivePools& all = the_pools();
    std::vector<std::shared_ptr<Pool>> pools;
    for (std::size_t wanted = 0;; pools.reserve(wanted)) {
        const std::lock_guard hold(all.lock);
        all.ended = true;
        wanted = all.pools.size();
        if (wanted > pools.capacity()) continue;
        for (const auto& weak : all.pools) {
            if (auto pool = weak.lock()) pools.push_back(std::move(pool));
        }
        return pools;
    }
}

void end_all() {
    const std::vector<std::shared_ptr<Pool>> pools = take_all();
    // First all of them: if a wait is interrupted, the threads of the other pools end, too.
    for (const auto& pool : pools) pool->shutdown(false, false, {});
    for (const auto& pool : pools) {
        // A pool whose own task ends the process cannot wait for itself.
        if (!runs_here(pool.get())) pool->shutdown(true, false, {});
    }
}

/// False: the process is past that.
bool be_registered() {
    LivePools& all = the_pools();
    {
        const std::lock_guard hold(all.lock);
        if (all.registered) return true;
    }
    if (!runtime::at_shutdown(end_all)) return false;
    const std::lock_guard hold(all.lock);
    all.registered = true;  // twice, if two threads come here: the second call finds nothing to do
    return true;
}

}  // namespace

LivePoolPlace::~LivePoolPlace() {
    if (!place_) return;
    LivePoolList removed;
    const std::lock_guard hold(the_pools().lock);
    removed.splice(removed.end(), the_pools().pools, *place_);
}

void end_with_process(const std::shared_ptr<Pool>& pool) {
    LivePools& all = the_pools();
    LivePoolList one;
    one.push_back(pool);
    if (be_registered()) {
        const std::lock_guard hold(all.lock);
        if (!all.ended) {
            pool->live_place().place_ = one.begin();
            return all.pools.splice(all.pools.end(), one);
        }
    }
    pool->shutdown(false, false, {});
}

}  // namespace threadwise::detail
