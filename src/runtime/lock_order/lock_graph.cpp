#include "runtime/lock_order/lock_graph.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "runtime/base/fork.hpp"
#include "runtime/records/followed_locks.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {
namespace {

/// Mixes well enough for tables of hashes (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
std::uint64_t mixed(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

std::uint64_t hash_of(const SourceLocation& where) noexcept {
    return mixed(reinterpret_cast<std::uintptr_t>(where.file_name()) + mixed(where.line()));
}

/// Whether `known` says what `fresh` does: the same two locks in the same ways, with nothing more held besides.
bool covers(const Order& known, const Order& fresh) noexcept {
    if (known.from != fresh.from || known.to != fresh.to || known.held.reads() != fresh.held.reads() ||
        known.taken.reads() != fresh.taken.reads()) {
        return false;
    }
    return std::includes(fresh.all_held->begin(), fresh.all_held->end(), known.all_held->begin(),
                         known.all_held->end());
}

/// Goes through the lists of both nodes at once, so that the shorter one decides how long that takes.
bool is_covered(const Order& fresh) noexcept {
    const Order* out = fresh.from->first_out;
    const Order* in = fresh.to->first_in;
    for (; out != nullptr && in != nullptr; out = out->next_out, in = in->next_in) {
        if (covers(*out, fresh) || covers(*in, fresh)) return true;
    }
    return false;
}

std::shared_ptr<const HeldIds> ids_of(const SystemVector<FollowedLock>& held) {
    HeldIds ids;
    for (const FollowedLock& lock : held) ids.push_back({.id = lock.id, .reads = lock.reads()});
    std::sort(ids.begin(), ids.end());
    return std::allocate_shared<const HeldIds>(SystemAllocator<HeldIds>(), std::move(ids));
}

}  // namespace

LockGraph::LockGraph() { hold_over_fork(lock_); }

void LockGraph::open() {
    const std::size_t threads = registry::size();  // the registry's lock may not be taken under ours
    const platform::InternalHold hold(lock_);
    if (table_ == nullptr) {
        table_ = std::construct_at(SystemAllocator<Table>().allocate(1));
        holders_are_followed_ = threads <= 1;
    }
    follow_locks();
}

bool LockGraph::knows(LockId id, const void* word) const noexcept {
    LockNode& node = node_of(id);
    // relaxed: a node that becomes another lock's just now is as if it did so just after.
    if (node.id.load(std::memory_order_relaxed) != id || node.word.load(std::memory_order_relaxed) != word)
        return false;
    // relaxed: a hint. Looked at first, so that the line stays shared.
    if (!node.used_lately.load(std::memory_order_relaxed)) node.used_lately.store(true, std::memory_order_relaxed);
    return true;
}

LockId LockGraph::enter(const void* word, std::atomic<std::uint32_t>& bearer) noexcept {
    const platform::InternalHold hold(lock_);
    // relaxed, here and below: all that is read by way of an id is guarded by the lock.
    std::uint32_t found = bearer.load(std::memory_order_relaxed);
    if (found != 0 && (found & detail::lock_id_bit) == 0) return id_of_held(word);
    if (found != 0 && knows(found, word)) return found;
    const LockId id = node_for(word).id;
    bearer.compare_exchange_strong(found, id, std::memory_order_relaxed);
    return id;
}

LockId LockGraph::find(const void* word) noexcept {
    const platform::InternalHold hold(lock_);
    return id_of_held(word);
}

LockId LockGraph::id_of_held(const void* word) noexcept {
    const LockNode* const node = holders_are_followed_ ? look_up(word) : nullptr;
    return node == nullptr ? 0 : node->id.load();
}

LockId LockGraph::turn_into_signal(const void* word) noexcept {
    const platform::InternalHold hold(lock_);
    if (look_up(word) == nullptr) return 0;
    LockNode& node = node_for(word);
    node.is_signal = true;
    return node.id;
}

LockNode*& LockGraph::bucket_of(const void* word) noexcept {
    return table_->buckets.at(mixed(reinterpret_cast<std::uintptr_t>(word)) % node_count);
}

LockNode* LockGraph::look_up(const void* word) noexcept {
    LockNode* node = bucket_of(word);
    while (node != nullptr && node->word.load() != word) node = node->next_in_bucket;
    return node;
}

/// A node for a new lock: that of the one that lay there before, or else one that was not used lately.
LockNode& LockGraph::node_for(const void* word) noexcept {
    LockNode* node = look_up(word);
    while (node == nullptr) {
        hand_ = (hand_ + 1) % node_count;
        LockNode& next = table_->nodes.at(hand_);
        if (!next.used_lately.exchange(false)) node = &next;
    }
    drop(*node);
    const auto index = static_cast<std::uint32_t>(node - table_->nodes.data());
    node->id = detail::lock_id_bit | ((++node->version << index_bits) & ~detail::lock_id_bit) | index;
    node->word = word;
    node->next_in_bucket = std::exchange(bucket_of(word), node);
    return *node;
}

/// It is no lock's any more.
void LockGraph::drop(LockNode& node) noexcept {
    if (node.id.load() == 0) return;
    for (Order* next = node.first_out; next != nullptr;) erase(*std::exchange(next, next->next_out));
    for (Order* next = node.first_in; next != nullptr;) erase(*std::exchange(next, next->next_in));
    LockNode** link = &bucket_of(node.word);
    while (*link != &node) link = &(*link)->next_in_bucket;
    *link = node.next_in_bucket;
    node.word = nullptr;
    node.is_signal = false;
    node.id = 0;
}

LockGraph::Noted LockGraph::add(const Asker& asker, const FollowedLock& taken) {
    Noted noted;
    const platform::InternalHold hold(lock_);
    const auto has_orders = [&](const FollowedLock& lock) {
        return knows(lock.id, lock.word) && !node_of(lock.id).is_signal;
    };
    if (!has_orders(taken)) return noted;
    SystemVector<FollowedLock> all_held;
    for (const FollowedLock& held : asker.held.locks) {
        if (held.id == taken.id) return noted;  // it has it already, to read
        if (has_orders(held)) all_held.push_back(held);
    }
    const auto ids = ids_of(all_held);
    for (const FollowedLock& held : std::span(all_held).last(std::min(all_held.size(), most_orders_at_once))) {
        if (ignored_.has(held.where) || ignored_.has(taken.where)) {
            noted.is_complete = false;
            continue;
        }
        Order* const order = note({.held = held,
                                   .taken = taken,
                                   .all_held = ids,
                                   .ident = asker.ident,
                                   .thread = SystemString(asker.name),
                                   .from = &node_of(held.id),
                                   .to = &node_of(taken.id)});
        if (order == nullptr) continue;
        const OrderCircle circle = find_circle(*order, ++searches_);
        if (circle.empty() || !mark_reported(circle)) continue;
        SystemVector<Order>& copies = noted.circles.emplace_back();
        for (const Order* const one : circle) copies.push_back(*one);
    }
    return noted;
}

/// Null: it is known already, or there are too many.
Order* LockGraph::note(Order fresh) {
    if (orders_ == most_orders || is_covered(fresh)) return nullptr;
    Order* const order = std::construct_at(SystemAllocator<Order>().allocate(1), std::move(fresh));
    ++orders_;
    order->next_out = std::exchange(order->from->first_out, order);
    if (order->next_out != nullptr) order->next_out->previous_out = order;
    order->next_in = std::exchange(order->to->first_in, order);
    if (order->next_in != nullptr) order->next_in->previous_in = order;
    return order;
}

void LockGraph::erase(Order& order) noexcept {
    (order.previous_out == nullptr ? order.from->first_out : order.previous_out->next_out) = order.next_out;
    if (order.next_out != nullptr) order.next_out->previous_out = order.previous_out;
    (order.previous_in == nullptr ? order.to->first_in : order.previous_in->next_in) = order.next_in;
    if (order.next_in != nullptr) order.next_in->previous_in = order.previous_in;
    --orders_;
    std::destroy_at(&order);
    SystemAllocator<Order>().deallocate(&order, 1);
}

/// Whether neither these locks were reported, nor the places too often.
bool LockGraph::mark_reported(const OrderCircle& circle) {
    std::uint64_t locks = 0;
    std::uint64_t places = 0;
    for (const Order* const order : circle) {  // sums, as any of the orders may be the first
        locks += mixed(order->held.id);
        places += mixed(hash_of(order->held.where) + mixed(hash_of(order->taken.where)));
    }
    if (std::find(reported_locks_.begin(), reported_locks_.end(), locks) != reported_locks_.end()) return false;
    if (std::count(reported_places_.begin(), reported_places_.end(), places) >= most_reports_of_places) return false;
    reported_locks_.push_back(locks);
    reported_places_.push_back(places);
    return true;
}

void LockGraph::forget_reports() noexcept {
    const platform::InternalHold hold(lock_);
    reported_locks_.clear();
    reported_places_.clear();
}

bool LockGraph::ignore(std::string_view place) {
    const platform::InternalHold hold(lock_);
    return ignored_.add(place);
}

}  // namespace threadwise::runtime
