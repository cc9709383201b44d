#pragma once
// In which order locks are taken: a graph whose nodes are locks. An edge says that a thread held one lock while it
// asked for the other. A circle of edges is a deadlock that may happen one day.
//
// **Which lock is which.** Locks have no destructor, so nothing says when one ends, and another one may lie there
// later. So a free lock itself bears the id of its node, where its holder's ident stands while it is held; a new lock
// has 0 there, and gets a node of its own. A lock that is held or waited for is alive, so its node can be found by the
// address.
//
// **Memory is bounded.** There are `node_count` nodes. If all are used, the next lock gets one that has not been used
// lately (the clock algorithm): the older lock's orders are forgotten, and its id, which has the node's version, means
// nothing any more. So a million locks that live for a moment cost no more than some thousands, and the locks that a
// program uses all the time are remembered.
//
// **No false report.** The graph knows locks, not the places where they were made: two locks made in one place that are
// taken one after another are no circle. A circle counts only if threads can meet in it: if each lock of it is held so
// that the thread that asks for it has to wait (a reader does not wait for a reader), and if no two of its threads held
// a lock besides that keeps them apart.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/internal_lock.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/base/system_memory.hpp"
#include "runtime/lock_order/ignored_places.hpp"
#include "runtime/lock_order/order.hpp"
#include "runtime/records/held_locks.hpp"
#include "threadwise/detail/runtime/ident.hpp"

namespace threadwise::runtime {

/// The thread that asks for a lock.
struct Asker {
    const HeldLocks& held;
    std::uint32_t ident;
    std::string_view name;
};

class LockGraph {
public:
    LockGraph();
    static LockGraph& get() { return MadeAtLoad<LockGraph>::get(); }

    /// Makes the nodes, and has locks followed from now on. Throws std::bad_alloc.
    void open();

    /// Whether that is the id of the lock with that word. Without the graph's lock.
    bool knows(LockId id, const void* word) const noexcept;

    /// The id of a lock that is alive, and bears it in `bearer` if it is free: if it has none, a new one.
    LockId enter(const void* word, std::atomic<std::uint32_t>& bearer) noexcept;

    /// The id of a lock that is held or waited for; 0: it has none, or none that is certain.
    LockId find(const void* word) noexcept;

    /// A lock is released by another thread than its holder, so it is a signal rather than a lock: what was noted of it
    /// is forgotten, and no more is. Returns its new id, so that the holder's entry of it counts no more; 0: it had
    /// none.
    LockId turn_into_signal(const void* word) noexcept;

    /// What comes of a lock that is asked for.
    struct Noted {
        /// Copies of the orders of each circle that it closes, and which was not reported yet.
        SystemVector<SystemVector<Order>> circles;
        bool is_complete = true;  ///< false: some of the places are ignored
    };
    /// The thread asks for that lock. Throws std::bad_alloc.
    Noted add(const Asker& asker, const FollowedLock& taken);

    /// From now on no order is noted in which a lock is taken there. See IgnoredPlaces::add().
    bool ignore(std::string_view place);

    /// What was reported is reported again if it is seen again; for tests.
    void forget_reports() noexcept;

private:
    static constexpr unsigned index_bits = 14;
    static constexpr std::size_t node_count = std::size_t{1} << index_bits;
    /// Some 20 MB; further ones are not noted.
    static constexpr std::size_t most_orders = std::size_t{1} << 16;
    /// Of the locks that a thread holds, those that it has taken last: one that takes a thousand would note a million.
    static constexpr std::size_t most_orders_at_once = 16;
    /// Of circles of locks taken at the same places: a million accounts need not be reported one by one.
    static constexpr std::ptrdiff_t most_reports_of_places = 10;

    struct Table {
        std::array<LockNode, node_count> nodes;
        std::array<LockNode*, node_count> buckets{};  ///< by address; guarded by the lock
    };

    LockNode& node_of(LockId id) const noexcept { return table_->nodes[id % node_count]; }
    LockNode*& bucket_of(const void* word) noexcept THREADWISE_REQUIRES(lock_);
    LockNode* look_up(const void* word) noexcept THREADWISE_REQUIRES(lock_);
    LockId id_of_held(const void* word) noexcept THREADWISE_REQUIRES(lock_);
    LockNode& node_for(const void* word) noexcept THREADWISE_REQUIRES(lock_);
    void drop(LockNode& node) noexcept THREADWISE_REQUIRES(lock_);
    Order* note(Order fresh) THREADWISE_REQUIRES(lock_);
    void erase(Order& order) noexcept THREADWISE_REQUIRES(lock_);
    bool mark_reported(const OrderCircle& circle) THREADWISE_REQUIRES(lock_);

    platform::InternalLock lock_;
    Table* table_ = nullptr;  ///< written once, before locks are followed
    /// Each lock that is held has its node. Not if threads ran when locks began to be followed: what they hold may lie
    /// where a lock was whose node is still there.
    bool holders_are_followed_ THREADWISE_GUARDED_BY(lock_) = true;
    std::size_t hand_ THREADWISE_GUARDED_BY(lock_) = 0;
    std::size_t orders_ THREADWISE_GUARDED_BY(lock_) = 0;
    std::uint64_t searches_ THREADWISE_GUARDED_BY(lock_) = 0;
    SystemVector<std::uint64_t> reported_locks_ THREADWISE_GUARDED_BY(lock_);
    SystemVector<std::uint64_t> reported_places_ THREADWISE_GUARDED_BY(lock_);
    IgnoredPlaces ignored_ THREADWISE_GUARDED_BY(lock_);
};

}  // namespace threadwise::runtime
