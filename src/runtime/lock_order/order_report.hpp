#pragma once
// What becomes of locks that are taken in both orders: the hook is called.

#include "runtime/lock_order/order.hpp"

namespace threadwise::runtime {

/// Each order takes what the next one holds. Throws std::bad_alloc.
void report_lock_order(const SystemVector<Order>& circle);

}  // namespace threadwise::runtime
