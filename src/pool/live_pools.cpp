#include "pool/live_pools.hpp"

#include <utility>
#include <vector>

#include "platform/internal_lock.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/lifetime/shutdown.hpp"

namespace threadwise::detail {

/// Nothing is allocated or freed under the lock.
class LivePools {
public:
    LivePools() {
        runtime::hold_over_fork(lock_, runtime::ForkOrder::before_registry);
        runtime::at_fork_in_child(orphan_all, runtime::ForkOrder::after_registry);
    }

    static LivePools& instance() { return runtime::MadeAtLoad<LivePools>::get(); }

    void add(const std::shared_ptr<LivePool>& pool) {
        LivePool::List one;
        one.push_back(pool);
        if (be_registered()) {
            const platform::InternalHold hold(lock_);
            if (!ended_) {
                pool->entry_ = one.begin();
                return pools_.splice(pools_.end(), one);
            }
        }
        pool->close_at_exit();
    }

    void remove(LivePool& pool) {
        if (!pool.entry_) return;
        LivePool::List removed;
        const platform::InternalHold hold(lock_);
        removed.splice(removed.end(), pools_, *pool.entry_);
    }

private:
    /// The end of the process waits for the pools' threads itself, as for all that are no daemons.
    static void end_all() {
        for (const auto& pool : instance().take_all()) pool->close_at_exit();
    }

    // In a forked child, with the lock. The parent may be ending.
    static void orphan_all() noexcept THREADWISE_UNCHECKED {
        LivePools& all = instance();
        for (const auto& weak : all.pools_) {
            if (const auto pool = weak.lock()) pool->become_orphan();
        }
        all.registered_ = false;
        all.ended_ = false;
    }

    /// No pool is added from now on.
    std::vector<std::shared_ptr<LivePool>> take_all() {
        std::vector<std::shared_ptr<LivePool>> pools;
        for (std::size_t wanted = 0;; pools.reserve(wanted)) {
            const platform::InternalHold hold(lock_);
            ended_ = true;
            wanted = pools_.size();
            if (wanted > pools.capacity()) continue;
            for (const auto& weak : pools_) {
                if (auto pool = weak.lock()) pools.push_back(std::move(pool));
            }
            return pools;
        }
    }

    /// False: the process is past that.
    bool be_registered() {
        {
            const platform::InternalHold hold(lock_);
            if (registered_) return true;
        }
        if (!runtime::at_shutdown(end_all)) return false;
        const platform::InternalHold hold(lock_);
        registered_ = true;  // twice, if two threads come here: the second call finds nothing to do
        return true;
    }

    platform::InternalLock lock_;
    LivePool::List pools_ THREADWISE_GUARDED_BY(lock_);
    bool registered_ THREADWISE_GUARDED_BY(lock_) = false;  ///< end_all() will be called
    bool ended_ THREADWISE_GUARDED_BY(lock_) = false;       ///< and has begun
};

LivePool::~LivePool() { LivePools::instance().remove(*this); }

void end_with_process(const std::shared_ptr<LivePool>& pool) { LivePools::instance().add(pool); }

}  // namespace threadwise::detail
