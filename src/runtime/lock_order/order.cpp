#include "runtime/lock_order/order.hpp"

#include <algorithm>

namespace threadwise::runtime {
namespace {

/// Whether a thread that holds the one lock keeps a thread waiting that asks for the other: not if both read.
bool excludes(const FollowedLock& held, const FollowedLock& asked) noexcept {
    return held.id == asked.id && !(held.reads() && asked.reads());
}

/// Whether one thread can have held the one's locks while another one held the other's.
bool can_meet(const Order& a, const Order& b) noexcept {
    auto one = a.all_held->begin();
    auto other = b.all_held->begin();
    while (one != a.all_held->end() && other != b.all_held->end()) {
        if (one->id == other->id) {
            if (!one->reads || !other->reads) return false;
            ++one;
        } else {
            ++(one->id < other->id ? one : other);
        }
    }
    return true;
}

/// Whether the thread at the path's end may have to wait for one in that order, while the others on the path wait.
bool may_follow(const OrderCircle& path, const Order& next) noexcept {
    return excludes(next.held, path.back()->taken) &&
           std::all_of(path.begin(), path.end(), [&](const Order* order) { return can_meet(*order, next); });
}

}  // namespace

OrderCircle find_circle(Order& closing, std::uint64_t search) {
    OrderCircle path;
    if (closing.from->first_in == nullptr) return path;
    path.push_back(&closing);
    // Depth first. `next` is what is to be tried after the path.
    for (Order* next = closing.to->first_out;;) {
        if (next == nullptr) {
            next = path.back()->next_out;
            path.pop_back();
            if (path.empty()) return path;
            continue;
        }
        if (may_follow(path, *next)) {
            std::uint64_t& seen = next->to->seen.at(next->taken.reads() ? 1 : 0);
            if (next->to == closing.from && excludes(closing.held, next->taken)) {
                path.push_back(next);
                return path;
            }
            if (seen != search) {
                seen = search;
                path.push_back(next);
                next = next->to->first_out;
                continue;
            }
        }
        next = next->next_out;
    }
}

}  // namespace threadwise::runtime
