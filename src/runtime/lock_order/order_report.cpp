#include "runtime/lock_order/order_report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iomanip>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "platform/internal_lock.hpp"
#include "runtime/base/exception_text.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/lock_order/lock_graph.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/lock_order.hpp"

namespace threadwise {
namespace {

struct OrderHook {
    platform::InternalLock lock;
    std::shared_ptr<const LockOrderHook> hook THREADWISE_GUARDED_BY(lock);

    OrderHook() { runtime::hold_over_fork(lock); }

    std::shared_ptr<const LockOrderHook> exchange(std::shared_ptr<const LockOrderHook> wanted) {
        const platform::InternalHold hold(lock);
        return std::exchange(hook, std::move(wanted));
    }
    std::shared_ptr<const LockOrderHook> get() {
        const platform::InternalHold hold(lock);
        return hook;
    }
};

OrderHook& the_hook() { return runtime::MadeAtLoad<OrderHook>::get(); }

/// What the environment says, as the library is loaded.
void read_environment() {
    const char* const check = std::getenv("THREADWISE_CHECK");  // NOLINT(concurrency-mt-unsafe): at load
    const std::string_view wanted = check == nullptr ? "" : check;
    if (wanted.empty()) return;
    if (wanted != "order") {
        std::fprintf(stderr, "threadwise: THREADWISE_CHECK is \"%s\"; it can be order, and counts as unset\n", check);
        return;
    }
    const char* const ignored = std::getenv("THREADWISE_IGNORE_ORDER");  // NOLINT(concurrency-mt-unsafe): at load
    std::string_view rest = ignored == nullptr ? "" : ignored;
    while (!rest.empty()) {
        const std::string place(rest.substr(0, rest.find(',')));
        rest.remove_prefix(std::min(place.size() + 1, rest.size()));
        if (place.empty() || runtime::LockGraph::get().ignore(place)) continue;
        std::fprintf(stderr, "threadwise: THREADWISE_IGNORE_ORDER has \"%s\", which is no FILE or FILE:LINE\n",
                     place.c_str());
    }
    check_lock_order();
}

[[maybe_unused]] const bool read_at_load = (read_environment(), true);

LockOrder as_value(const runtime::Order& order) {
    return {.thread = std::string(order.thread),
            .ident = order.ident,
            .held = std::string(to_string(order.held.kind)),
            .held_object = reinterpret_cast<std::uintptr_t>(order.held.object),
            .held_where = order.held.where,
            .taken = std::string(to_string(order.taken.kind)),
            .taken_object = reinterpret_cast<std::uintptr_t>(order.taken.object),
            .taken_where = order.taken.where};
}

/// A lock without a place was taken by try_lock(), which must cost so little that it is told none.
void describe_place(std::ostream& out, const SourceLocation& where) {
    if (where.line() == 0) {
        out << "by try_lock()";
    } else {
        out << "at " << where.file_name() << ':' << where.line() << " (" << where.function_name() << ')';
    }
}

void describe_lock(std::ostream& out, std::string_view kind, std::uintptr_t address) {
    out << kind << " 0x" << std::hex << address << std::dec;
}

void describe_order(std::ostream& out, const LockOrder& order) {
    out << "  " << std::quoted(order.thread) << " (ident " << order.ident << ") held ";
    describe_lock(out, order.held, order.held_object);
    out << ", taken ";
    describe_place(out, order.held_where);
    out << ",\n    and took ";
    describe_lock(out, order.taken, order.taken_object);
    out << ' ';
    describe_place(out, order.taken_where);
    out << '\n';
}

}  // namespace

std::string to_string(const LockOrderConflict& conflict) {
    std::ostringstream text;
    text << "threadwise: lock order: " << conflict.orders.size() << " locks are taken in "
         << (conflict.orders.size() == 2 ? "both orders" : "orders that form a circle") << ", and may deadlock\n";
    for (const LockOrder& order : conflict.orders) describe_order(text, order);
    return text.str();
}

LockOrderHook set_lock_order_hook(LockOrderHook hook) {
    auto set = hook ? std::make_shared<const LockOrderHook>(std::move(hook)) : nullptr;
    const std::shared_ptr<const LockOrderHook> old = the_hook().exchange(std::move(set));
    return old ? *old : LockOrderHook();
}

void default_lock_order_hook(const LockOrderConflict& conflict) {
    // One call, so that it does not mix with what others write.
    std::fputs(to_string(conflict).c_str(), stderr);
}

void check_lock_order() { runtime::LockGraph::get().open(); }

void ignore_lock_order_at(std::string_view place) {
    if (runtime::LockGraph::get().ignore(place)) return;
    throw ValueError("ignore_lock_order_at() takes FILE or FILE:LINE, as bank.cpp:17, and not \"" + std::string(place) +
                     "\"");
}

void runtime::report_lock_order(const SystemVector<Order>& circle) {
    LockOrderConflict conflict;
    for (const Order& order : circle) conflict.orders.push_back(as_value(order));
    // The first order is the one that was seen last.
    std::rotate(conflict.orders.begin(), conflict.orders.begin() + 1, conflict.orders.end());
    const std::shared_ptr<const LockOrderHook> hook = the_hook().get();
    if (hook == nullptr) return default_lock_order_hook(conflict);
    detail::call_user_code([&] { (*hook)(conflict); },
                           [&](const std::exception_ptr& failure) {
                               std::fprintf(stderr, "The lock order hook itself failed: %s\nwhen handling:\n",
                                            exception_text(failure).c_str());
                               default_lock_order_hook(conflict);
                           });
}

}  // namespace threadwise
