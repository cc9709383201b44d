#pragma once
// In which order two locks were taken, and the circles of such orders.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "runtime/base/system_memory.hpp"
#include "runtime/records/held_locks.hpp"

namespace threadwise::runtime {

struct LockNode;

/// A lock that a thread held, and how.
struct HeldId {
    LockId id = 0;
    bool reads = false;

    friend bool operator<(const HeldId& a, const HeldId& b) noexcept {
        return a.id == b.id ? a.reads < b.reads : a.id < b.id;
    }
};

/// All that a thread held at one moment, sorted.
using HeldIds = SystemVector<HeldId>;

/// An edge of the graph: a thread held one lock while it asked for another.
struct Order {
    FollowedLock held;
    FollowedLock taken;
    std::shared_ptr<const HeldIds> all_held;  ///< `held` among them
    std::uint32_t ident = 0;                  ///< the thread
    SystemString thread;                      ///< its name

    // The two nodes, and the edge's place in their lists.
    LockNode* from = nullptr;
    LockNode* to = nullptr;
    Order* next_out = nullptr;
    Order* previous_out = nullptr;
    Order* next_in = nullptr;
    Order* previous_in = nullptr;
};

/// What the graph knows of one lock. Guarded by the graph's lock; the atomic members are also read without it.
struct LockNode {
    std::atomic<LockId> id{0};  ///< 0: no lock's
    std::atomic<const void*> word{nullptr};
    std::atomic<bool> used_lately{false};
    std::uint32_t version = 0;           ///< a part of the id; another one for each lock
    bool is_signal = false;              ///< see LockGraph::turn_into_signal()
    LockNode* next_in_bucket = nullptr;  ///< of the index by address
    Order* first_out = nullptr;          ///< of those in which it is held
    Order* first_in = nullptr;           ///< of those in which it is taken
    std::array<std::uint64_t, 2>
        seen{};  ///< the last search that came here by an order that takes it to write, to read
};

/// Each order takes what the next one holds, and the last one what the first holds.
using OrderCircle = SystemVector<Order*>;

/// A circle with that edge, in which threads can wait for each other; empty: there is none, or none was found. Each
/// node is looked at once, so a circle may be overlooked where another one with the same lock cannot deadlock. `search`
/// is a number of its own. Throws std::bad_alloc.
OrderCircle find_circle(Order& closing, std::uint64_t search);

}  // namespace threadwise::runtime
